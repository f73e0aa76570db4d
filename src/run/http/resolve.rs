//! Name resolution that knows no name beyond the target's.

use std::io;
use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::AllowedOrigins;

/// Resolves the hosts of the allowed origins and no others.
pub(super) struct GuardedResolver(pub AllowedOrigins);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.0.clone();
        Box::pin(async move {
            let addresses = lookup(&allowed, name.as_str(), 0).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The addresses of an allowed host.
pub(super) async fn lookup(
    allowed: &AllowedOrigins,
    host: &str,
    port: u16,
) -> io::Result<Vec<SocketAddr>> {
    if !allowed.contains_host(host) {
        return Err(io::Error::other(
            "the host is not one that the target file names",
        ));
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    Ok(tokio::net::lookup_host((bare, port)).await?.collect())
}
