//! Starting both reference servers on loopback ports.
//!
//! Listeners are bound first, so that every URL is known before a server answers. Everything runs
//! inside the process; dropping [`Running`] stops both servers.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::audit::Audit;
use super::authorization_server::client_documents::fetch::{Fetcher, KnownHost};
use super::keys::Keys;
use super::policy::configuration::User;
use super::rewrite::{self, Names, Rewrite, RewriteError};
use super::store::Store;
use super::store::client::Client;
use super::{Policy, PolicyError, Site, authorization_server, mcp_server};

/// Where to listen and what to write. The default picks free ports and writes no file.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Port of the authorization server; 0 or absent: the system picks one.
    pub authorization_server_port: Option<u16>,
    /// Port of the MCP server; ignored if the policy says `shared_origin`.
    pub mcp_server_port: Option<u16>,
    /// File that the audit log is appended to.
    pub audit_log: Option<PathBuf>,
    /// A host of client documents that the authorization server may fetch from.
    pub known_host: Option<KnownHost>,
}

/// Why the servers do not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The policy contradicts itself.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A rewrite cannot be applied.
    #[error(transparent)]
    Rewrite(#[from] RewriteError),
    /// Nothing can listen there.
    #[error("127.0.0.1:{port}: {cause}")]
    Port {
        /// The port that was asked for; 0 for any.
        port: u16,
        /// What the system says.
        cause: io::Error,
    },
    /// The audit log cannot be appended to.
    #[error("{}: {cause}", path.display())]
    AuditLog {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
}

/// Two running servers.
#[derive(Debug)]
pub struct Running {
    /// The issuer identifier.
    pub issuer: String,
    /// Scheme, host and port of the authorization server.
    pub authorization_server_origin: String,
    /// The first MCP endpoint and resource identifier.
    pub mcp_url: String,
    /// The second MCP endpoint and resource identifier.
    pub second_mcp_url: String,
    /// Who can log in.
    pub users: Vec<User>,
    site: Arc<Site>,
    stop: watch::Sender<()>,
    servers: Vec<JoinHandle<io::Result<()>>>,
}

impl Running {
    /// What the servers share; for in-process tests that need the keys or the policy.
    pub fn site(&self) -> &Arc<Site> {
        &self.site
    }

    /// The audit log so far, one JSON object a line.
    pub fn audit_log(&self) -> Vec<String> {
        self.site.audit.lines()
    }

    /// Stops both servers; open connections get a second to end.
    pub async fn stop(mut self) {
        let _ = self.stop.send(());
        for server in &mut self.servers {
            let _ = tokio::time::timeout(Duration::from_secs(1), server).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The signal reaches connections before the accepting task is dropped.
        let _ = self.stop.send(());
        for server in &self.servers {
            server.abort();
        }
    }
}

/// Starts both servers.
///
/// # Errors
/// The policy or a rewrite contradicts itself, or a port or the audit log cannot be had.
pub async fn start(
    policy: Policy,
    rewrites: Vec<Rewrite>,
    options: Options,
) -> Result<Running, StartError> {
    policy.check()?;
    let own = listen(options.authorization_server_port).await?;
    let other = match policy.shared_origin {
        true => None,
        false => Some(listen(options.mcp_server_port).await?),
    };
    let origin = origin_of(&own)?;
    let mcp_origin = other
        .as_ref()
        .map_or_else(|| Ok(origin.clone()), origin_of)?;
    let site = Arc::new(site(policy, origin, mcp_origin, &options)?);
    let (stop, stopped) = watch::channel(());
    let authorization = authorization_server::router(site.clone());
    let mcp = mcp_server::router(site.clone());
    let names = Names {
        issuer: site.issuer.clone(),
        origin: site.mcp_origin.clone(),
        resource: site.mcp_url.clone(),
    };
    let wrap = |router| rewrite::apply(router, &rewrites, &names);
    let mut servers = Vec::with_capacity(2);
    match other {
        None => servers.push(serve(own, wrap(authorization.merge(mcp))?, &stopped)),
        Some(other) => {
            servers.push(serve(own, wrap(authorization)?, &stopped));
            servers.push(serve(other, wrap(mcp)?, &stopped));
        }
    }
    Ok(Running {
        issuer: site.issuer.clone(),
        authorization_server_origin: site.authorization_server_origin.clone(),
        mcp_url: site.mcp_url.clone(),
        second_mcp_url: site.second_mcp_url.clone(),
        users: site.policy.users.clone(),
        site,
        stop,
        servers,
    })
}

async fn listen(port: Option<u16>) -> Result<TcpListener, StartError> {
    let port = port.unwrap_or(0);
    let bound = TcpListener::bind(("127.0.0.1", port)).await;
    bound.map_err(|cause| StartError::Port { port, cause })
}

/// Both servers as one router, for whoever listens at `origin` himself. Requests must carry their
/// peer's address as `ConnectInfo<SocketAddr>`.
///
/// # Errors
/// The policy contradicts itself.
pub fn router_at(origin: &str, policy: Policy) -> Result<Router, StartError> {
    policy.check()?;
    let origin = origin.to_owned();
    let site = Arc::new(site(policy, origin.clone(), origin, &Options::default())?);
    Ok(authorization_server::router(site.clone()).merge(mcp_server::router(site)))
}

fn origin_of(listener: &TcpListener) -> Result<String, StartError> {
    let address = listener.local_addr();
    let address = address.map_err(|cause| StartError::Port { port: 0, cause })?;
    Ok(format!("http://{address}"))
}

fn site(
    policy: Policy,
    origin: String,
    mcp_origin: String,
    options: &Options,
) -> Result<Site, StartError> {
    let path = options.audit_log.as_deref();
    let audit = Audit::open(policy.audit.clone(), path).map_err(|cause| StartError::AuditLog {
        path: path.unwrap_or(Path::new("")).to_owned(),
        cause,
    })?;
    let store = Store::default();
    for client in &policy.clients {
        let client = Client::preconfigured(&policy, client);
        store
            .lock()
            .clients
            .insert(client.client_id.clone(), client);
    }
    let introspector = introspector(&policy, &store);
    Ok(Site {
        issuer: format!("{origin}{}", policy.issuer_path),
        mcp_url: format!("{mcp_origin}/mcp"),
        second_mcp_url: format!("{mcp_origin}/second/mcp"),
        keys: Keys::shared(),
        store,
        audit,
        introspector,
        fetcher: Fetcher::new(policy.client_documents.clone(), options.known_host.clone()),
        authorization_server_origin: origin,
        mcp_origin,
        policy,
    })
}

/// The MCP server's own client: the first one that the introspection policy calls a resource server.
fn introspector(policy: &Policy, store: &Store) -> Option<(String, String)> {
    let client_id = policy.introspection.resource_servers.first()?;
    let secret = store.lock().clients.get(client_id)?.secret.clone()?;
    Some((client_id.clone(), secret))
}

fn serve(
    listener: TcpListener,
    router: Router,
    stopped: &watch::Receiver<()>,
) -> JoinHandle<io::Result<()>> {
    // The peer's address tells connections apart.
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let mut stopped = stopped.clone();
    tokio::spawn(async move {
        axum::serve(listener, service)
            .with_graceful_shutdown(async move {
                let _ = stopped.changed().await;
            })
            .await
    })
}
