//! Fetching a document of a stranger (draft sections 4, 6.5 and 6.6): public addresses only, no
//! redirects, little time, few bytes, no credentials.
//!
//! The address that is checked is the address that is connected to: names are resolved once, by a
//! resolver that drops what the policy does not allow.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Once, OnceLock};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Certificate, Client, Response, header, redirect};
use serde_json::Value;
use url::{Host, Url};

use crate::reference::policy::client_documents::{ClientDocumentPolicy, DocumentAddresses};
use crate::reference::policy::registration::Doubtful;

/// Longest time that a document is kept, in seconds.
const LONGEST_LIFE: u64 = 86_400;

/// A document and how long its headers let it live.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The JSON.
    pub body: Value,
    /// Seconds for which it may be kept.
    pub fresh_for: u64,
}

/// A host that the operator vouches for, as by an entry in `/etc/hosts` and a certificate authority of
/// his own.
#[derive(Clone, Debug)]
pub struct KnownHost {
    /// Its name.
    pub name: String,
    /// Where the name leads, port included.
    pub address: SocketAddr,
    /// The only certificate authority that is trusted, PEM.
    pub authority: Vec<u8>,
}

/// Fetches documents as the policy says.
#[derive(Debug)]
pub struct Fetcher {
    policy: ClientDocumentPolicy,
    known: Option<KnownHost>,
    /// None where it cannot be made.
    client: OnceLock<Option<Client>>,
}

impl Fetcher {
    /// Of the known host no address is looked up.
    pub fn new(policy: ClientDocumentPolicy, known: Option<KnownHost>) -> Self {
        Self {
            policy,
            known,
            client: OnceLock::new(),
        }
    }

    /// Fetches a JSON document, or says in a few words why not.
    pub async fn document(&self, text: &str) -> Result<Fetched, String> {
        let mut url = Url::parse(text).map_err(|_| "the URL is malformed")?;
        let is_plain = url.scheme() != "https";
        if is_plain && (url.scheme() != "http" || self.policy.plain_http == Doubtful::Refused) {
            return Err("the URL is not https".into());
        }
        // Credentials in the URL are nobody's business.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);
        check_host(self.policy.addresses, &url, text)?;
        let limit = Duration::from_millis(self.policy.time_limit_ms);
        match tokio::time::timeout(limit, self.get(url)).await {
            Ok(outcome) => outcome,
            Err(_) => Err("the document did not come in time".into()),
        }
    }

    /// Fetches whatever is there; only for policies that trust the URLs of strangers.
    pub async fn unguarded(&self, text: &str) -> Result<Value, String> {
        let policy = ClientDocumentPolicy {
            addresses: DocumentAddresses::Any,
            plain_http: Doubtful::Accepted,
            ..ClientDocumentPolicy::default()
        };
        let fetched = Self::new(policy, self.known.clone()).document(text).await?;
        Ok(fetched.body)
    }

    async fn get(&self, url: Url) -> Result<Fetched, String> {
        let policy = &self.policy;
        let client = self
            .client
            .get_or_init(|| client(policy, self.known.as_ref()).ok());
        let client = client.as_ref().ok_or("the fetch could not be set up")?;
        let mut request = client.get(url).header(header::ACCEPT, "application/json");
        if policy.credentials_sent {
            request = request.bearer_auth("a token of this server");
        }
        let mut response = request
            .send()
            .await
            .map_err(|_| "the document cannot be reached")?;
        check_answer(policy, &response)?;
        let fresh_for = fresh_for(&response);
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|_| "the document broke off")?
        {
            body.extend_from_slice(&chunk);
            if body.len() as u64 > policy.size_limit {
                return Err("the document is too large".into());
            }
        }
        let body = serde_json::from_slice(&body).map_err(|_| "the document is no JSON")?;
        Ok(Fetched { body, fresh_for })
    }
}

/// Literal addresses never reach the resolver.
fn check_host(addresses: DocumentAddresses, url: &Url, text: &str) -> Result<(), String> {
    if addresses == DocumentAddresses::TextOnly {
        let names = [
            "//127.0.0.1",
            "//localhost",
            "//[::1]",
            "//10.",
            "//192.168.",
            "//169.254.",
        ];
        return match names.iter().any(|name| text.contains(name)) {
            true => Err("the address is not public".into()),
            false => Ok(()),
        };
    }
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) => return Ok(()),
        None => return Err("the URL has no host".into()),
    };
    match is_allowed(addresses, address) {
        true => Ok(()),
        false => Err("the address is not public".into()),
    }
}

fn client(policy: &ClientDocumentPolicy, known: Option<&KnownHost>) -> reqwest::Result<Client> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // An error means that another part of the process has installed one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let redirects = match policy.redirects {
        Doubtful::Refused => redirect::Policy::none(),
        Doubtful::Accepted => redirect::Policy::limited(5),
    };
    let builder = match known {
        Some(known) => {
            let authority = Certificate::from_pem(&known.authority)?;
            Client::builder().tls_certs_only([authority])
        }
        None => Client::builder(),
    };
    builder
        .redirect(redirects)
        .no_proxy()
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(0)
        .dns_resolver(Guard {
            addresses: policy.addresses,
            known: known.map(|known| (known.name.clone(), known.address)),
        })
        .build()
}

fn check_answer(policy: &ClientDocumentPolicy, response: &Response) -> Result<(), String> {
    if response.status() != 200 && policy.other_status == Doubtful::Refused {
        return Err("the document's status is not 200".into());
    }
    let content_type = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase())
        .unwrap_or_default();
    if policy.plain_json_only && !is_plain_json(response) {
        return Err("the document's content type is not application/json".into());
    }
    let is_json = content_type == "application/json"
        || (content_type.starts_with("application/") && content_type.ends_with("+json"));
    if !is_json && policy.other_content_type == Doubtful::Refused {
        return Err("the document's content type is not JSON".into());
    }
    let length = response.content_length().unwrap_or_default();
    match length > policy.size_limit {
        true => Err("the document is too large".into()),
        false => Ok(()),
    }
}

fn is_plain_json(response: &Response) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    content_type.is_some_and(|value| value == "application/json")
}

/// Draft section 4.4; a document without caching headers is fetched again each time.
fn fresh_for(response: &Response) -> u64 {
    let control = response
        .headers()
        .get(header::CACHE_CONTROL)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_ascii_lowercase();
    let mut directives = control.split(',').map(str::trim);
    if directives
        .clone()
        .any(|directive| directive == "no-store" || directive == "no-cache")
    {
        return 0;
    }
    directives
        .find_map(|directive| directive.strip_prefix("max-age="))
        .and_then(|seconds| seconds.parse::<u64>().ok())
        .map_or(0, |seconds| seconds.min(LONGEST_LIFE))
}

struct Guard {
    addresses: DocumentAddresses,
    known: Option<(String, SocketAddr)>,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let addresses = self.addresses;
        let known = self.known.as_ref();
        let known = known
            .filter(|(known, _)| known == name.as_str() && addresses != DocumentAddresses::Nowhere);
        if let Some((_, address)) = known {
            let address = *address;
            return Box::pin(async move { Ok(Box::new(std::iter::once(address)) as Addrs) });
        }
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found
                .filter(|address| is_allowed(addresses, address.ip()))
                .collect();
            if allowed.is_empty() {
                return Err("no public address".into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

fn is_allowed(addresses: DocumentAddresses, address: IpAddr) -> bool {
    match addresses {
        DocumentAddresses::PublicOnly => is_public(address),
        DocumentAddresses::LoopbackToo => address.is_loopback() || is_public(address),
        DocumentAddresses::Nowhere => false,
        DocumentAddresses::Any | DocumentAddresses::TextOnly => true,
    }
}

/// Whether an address can be anybody's on the public internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (b == 18 || b == 19))
        || (a == 192 && b == 0 && c == 0))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let segments = address.segments();
    // Only 2000::/3 is handed out; within it, documentation and tunnels to IPv4 are left out.
    segments[0] & 0xe000 == 0x2000
        && segments[0] != 0x2002
        && !(segments[0] == 0x2001 && (segments[1] == 0x0db8 || segments[1] == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_addresses_are_not_public() {
        for address in [
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "fe80::1",
            "fc00::1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["93.184.216.34", "8.8.8.8", "2606:4700::1111"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn other_spellings_of_loopback_are_seen_through() {
        for text in [
            "https://127.1/c",
            "https://2130706433/c",
            "https://0x7f000001/c",
            "https://[::ffff:127.0.0.1]/c",
            "https://017700000001/c",
        ] {
            let url = Url::parse(text).unwrap();
            assert!(
                check_host(DocumentAddresses::PublicOnly, &url, text).is_err(),
                "{text}"
            );
            assert!(
                check_host(DocumentAddresses::TextOnly, &url, text).is_ok(),
                "{text}"
            );
        }
    }

    #[tokio::test]
    async fn names_that_lead_inside_are_not_fetched() {
        let fetcher = Fetcher::new(ClientDocumentPolicy::default(), None);
        let inside = fetcher.document("https://localhost:9/client.json").await;
        assert_eq!(inside.unwrap_err(), "the document cannot be reached");
        let plain = fetcher.document("http://client.example.com/c").await;
        assert_eq!(plain.unwrap_err(), "the URL is not https");
    }
}
