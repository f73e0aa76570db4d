//! Client ID metadata documents for tests of the reference servers: the harness's documents under an
//! https name that only these servers know, as if a public host served them.
//!
//! The same listener is reached by its loopback address, from where a careful server does not fetch.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::OnceLock;

use rand::Rng as _;
use rcgen::{CertificateParams, KeyPair};

use super::failure::Failure;
use crate::reference::KnownHost;
use crate::target::{Certificate, ClientIdMetadata, Live, SecretError, Target, TargetFile};

/// The name of the host.
const NAME: &str = "documents.authspec.example";

/// Ports that no system hands out for connections, so that one found free stays free.
const PORTS: std::ops::Range<u16> = 20_000..30_000;

/// A place for documents that is known to the reference servers.
#[derive(Clone, Debug)]
pub struct ReferenceDocuments {
    address: SocketAddr,
}

impl ReferenceDocuments {
    /// Finds a free port.
    ///
    /// # Errors
    /// There is none.
    pub fn new() -> Result<Self, Failure> {
        for _ in 0..100 {
            let port = rand::rngs::OsRng.gen_range(PORTS);
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            if TcpListener::bind(address).is_ok() {
                return Ok(Self { address });
            }
        }
        Err(Failure::Harness("no port of loopback is free".to_owned()))
    }

    /// The host as the authorization server's operator would vouch for it.
    ///
    /// # Errors
    /// No certificate can be made.
    pub fn known_host(&self) -> Result<KnownHost, Failure> {
        Ok(KnownHost {
            name: NAME.to_owned(),
            address: self.address,
            authority: certificate()?.0.clone().into_bytes(),
        })
    }

    /// The target file with its secrets, and documents at this place. Clients are still registered:
    /// most of a run is about them.
    ///
    /// # Errors
    /// A secret of the target file cannot be had, or no certificate can be made.
    pub fn resolve(&self, mut file: TargetFile, base: &Path) -> Result<Target, Failure> {
        let (chain, key) = certificate()?;
        file.client_id_metadata = Some(ClientIdMetadata {
            url: format!("https://{NAME}"),
            listen: self.address.to_string(),
            certificate: None,
            private_key: None,
            private_url: Some(format!("https://{}", self.address)),
            longest_cache: Some(0.0),
            public_clients: false,
        });
        let mut target = Target::resolve(file, base)
            .map_err(|errors: Vec<SecretError>| Failure::from(errors))?;
        if let Some(place) = &mut target.documents {
            place.certificate = Some(Certificate {
                chain: chain.clone().into_bytes(),
                key: Live::new(key),
            });
        }
        Ok(target)
    }
}

/// A certificate that is its own authority, with its key, PEM; one for the whole process.
fn certificate() -> Result<&'static (String, String), Failure> {
    static MADE: OnceLock<Result<(String, String), String>> = OnceLock::new();
    let make = || {
        let names = [NAME, "127.0.0.1"].map(str::to_owned);
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(names)?.self_signed(&key)?;
        Ok::<_, rcgen::Error>((certificate.pem(), key.serialize_pem()))
    };
    MADE.get_or_init(|| make().map_err(|cause| cause.to_string()))
        .as_ref()
        .map_err(|cause| Failure::Harness(format!("no certificate can be made: {cause}")))
}
