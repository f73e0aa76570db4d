//! TLS as both transports use it: the platform's trust plus the roots of the target file. There is
//! no way to switch verification off.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use super::ClientError;

/// The configuration for connections that speak the protocols of `alpn`. Where no allowed origin
/// uses TLS, the platform's roots are not read: they cost time and memory.
pub(super) fn config(
    extra_root: Option<&[u8]>,
    uses_tls: bool,
    alpn: &[&str],
) -> Result<ClientConfig, ClientError> {
    let roots = roots(extra_root)?;
    let provider = Arc::new(ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| ClientError::Setup(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(if uses_tls {
            verifier(roots, provider)?
        } else {
            Arc::new(NoTrust(provider))
        })
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Ok(config)
}

fn roots(pem: Option<&[u8]>) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let Some(pem) = pem else {
        return Ok(Vec::new());
    };
    let roots: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| ClientError::Root(error.to_string()))?;
    if roots.is_empty() {
        return Err(ClientError::Root("it holds no PEM certificate".to_owned()));
    }
    Ok(roots)
}

/// The platform's verifier; on a machine without any root certificates, one that trusts the extra
/// roots alone, so that loopback targets work there too.
fn verifier(
    roots: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, ClientError> {
    match Verifier::new_with_extra_roots(roots.clone(), Arc::clone(&provider)) {
        Ok(verifier) => Ok(Arc::new(verifier)),
        Err(_) => {
            let mut store = RootCertStore::empty();
            store.add_parsable_certificates(roots);
            if store.is_empty() {
                return Ok(Arc::new(NoTrust(provider)));
            }
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider)
                .build()
                .map(|verifier| verifier as Arc<dyn ServerCertVerifier>)
                .map_err(|error| ClientError::Root(error.to_string()))
        }
    }
}

/// Trusts nobody.
#[derive(Debug)]
struct NoTrust(Arc<CryptoProvider>);

impl ServerCertVerifier for NoTrust {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &rustls::pki_types::ServerName<'_>,
        _ocsp_response: &[u8],
        _now: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Err(rustls::Error::General(
            "this machine has no root certificates".to_owned(),
        ))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_that_is_no_certificate_is_refused() {
        for bad in [
            &b""[..],
            b"nonsense",
            b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----",
        ] {
            assert!(
                matches!(config(Some(bad), true, &[]), Err(ClientError::Root(_))),
                "{bad:?}"
            );
        }
        assert!(config(None, true, &["h2", "http/1.1"]).is_ok());
    }
}
