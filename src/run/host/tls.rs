//! https for documents, by a certificate of the operator's. At the same port, what does not begin as
//! TLS is answered by plain http: a server must not fetch by it, and would not be seen otherwise.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::DocumentError;
use crate::target::Certificate;

/// Longest handshake.
const PATIENCE: Duration = Duration::from_secs(5);

/// The first byte of a TLS record that holds a handshake (RFC 8446 section 5.1).
const HANDSHAKE: u8 = 22;

/// A connection, encrypted or not.
pub(super) trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// Connections whose handshake is done. One that hangs keeps no other waiting.
pub(super) struct TlsListener {
    connections: mpsc::Receiver<(Box<dyn Connection>, SocketAddr)>,
    address: SocketAddr,
}

impl TlsListener {
    pub fn new(
        listener: TcpListener,
        address: SocketAddr,
        certificate: &Certificate,
    ) -> Result<Self, DocumentError> {
        let acceptor = TlsAcceptor::from(Arc::new(config(certificate)?));
        let (send, connections) = mpsc::channel(16);
        tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    () = send.closed() => return,
                    accepted = listener.accept() => accepted,
                };
                let Ok((stream, peer)) = accepted else {
                    continue;
                };
                let (acceptor, send) = (acceptor.clone(), send.clone());
                tokio::spawn(async move {
                    if let Ok(Ok(stream)) = timeout(PATIENCE, open(acceptor, stream)).await {
                        let _ = send.send((stream, peer)).await;
                    }
                });
            }
        });
        Ok(Self {
            connections,
            address,
        })
    }
}

async fn open(acceptor: TlsAcceptor, stream: TcpStream) -> io::Result<Box<dyn Connection>> {
    // Session tickets go out first; the answer must not wait until they are acknowledged.
    stream.set_nodelay(true)?;
    let mut first = [0];
    let length = stream.peek(&mut first).await?;
    if length == 1 && first[0] != HANDSHAKE {
        return Ok(Box::new(stream));
    }
    Ok(Box::new(acceptor.accept(stream).await?))
}

fn config(certificate: &Certificate) -> Result<ServerConfig, DocumentError> {
    let wrong = |cause: String| DocumentError::Certificate(cause);
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&certificate.chain)
        .collect::<Result<_, _>>()
        .map_err(|cause| wrong(cause.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(certificate.key.expose().as_bytes())
        .map_err(|_| wrong("its key is no PEM".to_owned()))?;
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|cause| wrong(cause.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|cause| wrong(cause.to_string()))
}

impl Listener for TlsListener {
    type Io = Box<dyn Connection>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.connections.recv().await {
            Some(connection) => connection,
            // The runtime is shutting down.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}
