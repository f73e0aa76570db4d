//! Where client ID metadata documents are served: at an https URL (draft section 3), from loopback.

use std::net::SocketAddr;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::Lint;
use crate::suite::Spot;
use crate::target::{ClientIdMetadata, address};

impl Lint<'_> {
    pub(super) fn documents(&mut self) {
        let Some(place) = &self.target.client_id_metadata else {
            return;
        };
        let at = Spot::root().key("client_id_metadata");
        self.document_url(&at.key("url"), &place.url);
        let address = place.listen.parse::<SocketAddr>();
        if !address.is_ok_and(|address| address.ip().is_loopback() && address.port() != 0) {
            self.error(
                &at.key("listen"),
                "this is no address and port of this machine",
                "write such as `127.0.0.1:8710`, and let the proxy or tunnel of `url` forward to it",
            );
        }
        if let Some(url) = &place.private_url
            && let Err((message, help)) = address::absolute(url)
        {
            self.error(&at.key("private_url"), message, help);
        }
        match (&place.certificate, &place.private_key) {
            (Some(_), None) => self.error(
                &at.key("certificate").name(),
                "a certificate without its key serves nothing",
                "add `private_key: { file: PATH }`",
            ),
            (None, Some(_)) => self.error(
                &at.key("private_key").name(),
                "a private key without its certificate serves nothing",
                "add `certificate: PATH`",
            ),
            (Some(path), Some(_)) => self.certificate(&at, path, place),
            (None, None) => {}
        }
    }

    fn document_url(&mut self, at: &Spot, url: &str) {
        let outcome = address::absolute(url);
        let is_fit = outcome.as_ref().is_ok_and(|parsed| {
            parsed.scheme() == "https"
                && parsed.query().is_none()
                && parsed.username().is_empty()
                && parsed.password().is_none()
                // Normalization would take dot segments away.
                && !url.contains("/.")
        });
        if let Err((message, help)) = outcome {
            self.error(at, message, help);
        } else if !is_fit {
            self.error(
                at,
                "a client identifier is an https URL without a query, a user name and dot segments \
                 (CIMD draft section 3)",
                "write such as `https://client.example/authspec`",
            );
        }
    }

    fn certificate(&mut self, at: &Spot, path: &str, place: &ClientIdMetadata) {
        let chain = std::fs::read(self.base.join(path)).ok();
        let is_chain = chain.is_some_and(|chain| {
            let mut all = CertificateDer::pem_slice_iter(&chain).peekable();
            all.peek().is_some() && all.all(|certificate| certificate.is_ok())
        });
        if !is_chain {
            self.error(
                &at.key("certificate"),
                "this is no file of PEM certificates",
                "give the chain, the host's own certificate first; relative paths start at the target file",
            );
        }
        // Whether the key can be had at all is said of every secret.
        let key = place.private_key.as_ref();
        if let Some(Ok(key)) = key.map(|key| key.resolve(self.base))
            && !key.expose().is_empty()
            && PrivateKeyDer::from_pem_slice(key.expose().as_bytes()).is_err()
        {
            self.error(
                &at.key("private_key").name(),
                "this is no private key in PEM",
                "give the key of the certificate, not encrypted",
            );
        }
    }
}
