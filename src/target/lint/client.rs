//! Clients that exist already: usable for what their profile is for.

use super::Lint;
use crate::suite::{Authentication, Capability, ClientProfile, Spot, Suites, suggest};
use crate::target::{ClientKey, GivenClient};

impl Lint<'_> {
    pub(super) fn client(&mut self, name: &str, client: &GivenClient, suites: &Suites) {
        let at = Spot::root().key("clients").key(name);
        let Some(profile) = suites.clients.get(name) else {
            let help = suggest(name, suites.clients.keys().map(String::as_str));
            self.error(&at.name(), format!("unknown client profile `{name}`"), help);
            return;
        };
        if uses_redirects(profile) && client.redirect_uris.is_empty() {
            self.error(
                &at.clone().name(),
                format!("the client `{name}` is used for logins, but has no redirect URI"),
                "add `redirect_uris` as they are registered, byte for byte",
            );
        }
        for (index, uri) in client.redirect_uris.iter().enumerate() {
            let spot = at.key("redirect_uris").item(index);
            if !uri.contains(':') {
                self.error(
                    &spot,
                    "a redirect URI is absolute (OAuth 2.1 section 2.3.1)",
                    "write it whole, as it is registered",
                );
            } else if uri.contains('#') {
                self.error(
                    &spot,
                    "a redirect URI has no fragment (OAuth 2.1 section 2.3.1)",
                    "remove `#` and what follows",
                );
            }
        }
        let none = matches!(
            client.authentication,
            Some(Authentication::None | Authentication::Nothing)
        );
        if client.client_secret.is_some() && none {
            self.error(
                &at.key("authentication"),
                "this client has a secret, but does not authenticate",
                "write client_secret_basic or client_secret_post, or remove `client_secret`",
            );
        }
        self.key(&at, client);
        let key = client.private_key.is_some()
            || client.authentication == Some(Authentication::PrivateKeyJwt);
        if is_confidential(profile) && client.client_secret.is_none() && !key {
            self.error(
                &at.name(),
                format!("the client `{name}` must authenticate, but has no secret"),
                "add `client_secret: { env: VARIABLE }`, or `private_key: { file: PATH }`",
            );
        }
    }

    fn key(&mut self, at: &Spot, client: &GivenClient) {
        let by_key = client.authentication == Some(Authentication::PrivateKeyJwt);
        if let Some(private_key) = &client.private_key {
            if client.authentication.is_some() && !by_key {
                self.error(
                    &at.key("authentication"),
                    "this client has a private key, but does not authenticate by it",
                    "write private_key_jwt, or remove `authentication` or `private_key`",
                );
            }
            // Whether it can be had at all is said of every secret.
            if let Ok(text) = private_key.resolve(self.base)
                && !text.expose().is_empty()
                && let Err(cause) = ClientKey::parse(text.expose())
            {
                self.error(
                    &at.key("private_key").name(),
                    format!("this private key cannot be used: {cause}"),
                    "give a PEM file (`openssl genpkey`) or a JWK of P-256, RSA or Ed25519",
                );
            }
        } else if by_key {
            self.error(
                &at.key("authentication"),
                "this client authenticates by signed assertions, but has no key to sign with",
                "add `private_key: { file: PATH }`, a PEM file or a JWK",
            );
        }
    }
}

fn uses_redirects(profile: &ClientProfile) -> bool {
    let uris = profile.register.get("redirect_uris");
    uris.and_then(serde_json::Value::as_array)
        .is_some_and(|uris| !uris.is_empty())
}

fn is_confidential(profile: &ClientProfile) -> bool {
    profile.needs.iter().any(|need| {
        matches!(
            need,
            Capability::ConfidentialClient
                | Capability::ClientCredentials
                | Capability::Introspection
        )
    })
}
