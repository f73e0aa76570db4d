//! The target file with its secrets fetched: what a run works with.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::{ClientKey, Live, Secret, SecretError, TargetFile};
use crate::suite::Authentication;

/// A target that is ready to be tested.
#[derive(Clone, Debug)]
pub struct Target {
    /// What the operator wrote.
    pub file: TargetFile,
    /// Where relative paths start.
    pub base: PathBuf,
    /// Users by name.
    pub users: IndexMap<String, LiveUser>,
    /// Clients by profile.
    pub clients: IndexMap<String, LiveClient>,
    /// Access tokens by user name.
    pub access_tokens: IndexMap<String, Live>,
    /// Keys of issuers that the harness may play, by what they sign.
    pub issuers: IndexMap<String, ClientKey>,
    /// Initial access token for registrations.
    pub initial_access_token: Option<Live>,
    /// Where client ID metadata documents are served.
    pub documents: Option<DocumentPlace>,
    /// The audit log's path.
    pub audit_log: Option<PathBuf>,
    /// Extra root certificates, PEM.
    pub root_ca: Option<Vec<u8>>,
}

/// Where documents are served.
#[derive(Clone, Debug)]
pub struct DocumentPlace {
    /// URL below which they are found, as written.
    pub url: String,
    /// Address to listen at, `127.0.0.1:8710`.
    pub listen: String,
    /// For https without a proxy.
    pub certificate: Option<Certificate>,
}

/// A certificate chain with its key, PEM.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The chain.
    pub chain: Vec<u8>,
    /// The private key.
    pub key: Live,
}

/// A user with the password.
#[derive(Clone, Debug)]
pub struct LiveUser {
    /// Name to type.
    pub username: String,
    /// Password to type, unless a person does.
    pub password: Option<Live>,
}

/// A client identity that requests are sent as.
#[derive(Clone, Debug)]
pub struct LiveClient {
    /// Client identifier, byte for byte.
    pub client_id: String,
    /// Client secret.
    pub client_secret: Option<Live>,
    /// Key of its own assertions; the harness's is used without one.
    pub key: Option<ClientKey>,
    /// `aud` of its assertions, where it is not the issuer.
    pub assertion_audience: Option<String>,
    /// How it authenticates.
    pub authentication: Authentication,
    /// Registered redirect URIs, byte for byte.
    pub redirect_uris: Vec<String>,
}

impl Target {
    /// Fetches the secrets of `file`; relative paths start at `base`.
    ///
    /// # Errors
    /// Every secret or file that cannot be had.
    pub fn resolve(file: TargetFile, base: &Path) -> Result<Self, Vec<SecretError>> {
        let mut errors = Vec::new();
        let mut fetch = |secret: &Secret| match secret.resolve(base) {
            Ok(live) => Some(live),
            Err(error) => {
                errors.push(error);
                None
            }
        };
        let mut users = IndexMap::new();
        for (name, user) in &file.users {
            let password = user.password.as_ref().and_then(&mut fetch);
            let username = user.username.clone();
            users.insert(name.clone(), LiveUser { username, password });
        }
        let mut clients = IndexMap::new();
        let mut keys = Vec::new();
        for (profile, client) in &file.clients {
            let client_secret = client.client_secret.as_ref().and_then(&mut fetch);
            let key = client.private_key.as_ref().and_then(&mut fetch);
            let key = key.map(|text| ClientKey::parse(text.expose()));
            let key = match key.transpose() {
                Ok(key) => key,
                Err(cause) => {
                    keys.push(SecretError::NoKey {
                        client: profile.clone(),
                        cause,
                    });
                    None
                }
            };
            let authentication = client.authentication.unwrap_or(match client_secret {
                _ if client.private_key.is_some() => Authentication::PrivateKeyJwt,
                Some(_) => Authentication::ClientSecretBasic,
                None => Authentication::None,
            });
            clients.insert(
                profile.clone(),
                LiveClient {
                    client_id: client.client_id.clone(),
                    client_secret,
                    key: key.map(|key| ClientKey {
                        key_id: client.key_id.clone().or(key.key_id),
                        ..key
                    }),
                    assertion_audience: client.assertion_audience.clone(),
                    authentication,
                    redirect_uris: client.redirect_uris.clone(),
                },
            );
        }
        let mut issuers = IndexMap::new();
        for (name, issuer) in &file.played_issuers {
            let key = fetch(&issuer.private_key);
            match key.map(|text| ClientKey::parse(text.expose())) {
                Some(Ok(key)) => {
                    let key_id = issuer.key_id.clone().or_else(|| key.key_id.clone());
                    issuers.insert(name.clone(), ClientKey { key_id, ..key });
                }
                Some(Err(cause)) => keys.push(SecretError::NoKey {
                    client: name.clone(),
                    cause,
                }),
                None => {}
            }
        }
        let mut access_tokens = IndexMap::new();
        for (user, secret) in &file.access_tokens {
            if let Some(live) = fetch(secret) {
                access_tokens.insert(user.clone(), live);
            }
        }
        let initial_access_token = file
            .registration
            .initial_access_token
            .as_ref()
            .and_then(&mut fetch);
        let tls_key = file
            .client_id_metadata
            .as_ref()
            .and_then(|place| place.private_key.as_ref().and_then(&mut fetch));
        let mut read = |path: &String| {
            std::fs::read(base.join(path))
                .map_err(|cause| {
                    errors.push(SecretError::Unreadable {
                        path: path.clone(),
                        cause,
                    });
                })
                .ok()
        };
        let documents = file.client_id_metadata.as_ref().map(|place| DocumentPlace {
            url: place.url.clone(),
            listen: place.listen.clone(),
            certificate: place
                .certificate
                .as_ref()
                .and_then(&mut read)
                .zip(tls_key)
                .map(|(chain, key)| Certificate { chain, key }),
        });
        let root_ca = file.root_ca.as_ref().and_then(&mut read);
        errors.extend(keys);
        let audit_log = file.audit_log.as_ref().map(|log| base.join(&log.file));
        if errors.is_empty() {
            Ok(Self {
                base: base.to_owned(),
                file,
                users,
                clients,
                access_tokens,
                issuers,
                initial_access_token,
                documents,
                audit_log,
                root_ca,
            })
        } else {
            Err(errors)
        }
    }

    /// The target's name for reports.
    pub fn name(&self) -> String {
        self.file.name()
    }
}

impl TargetFile {
    /// The name in reports: the file's own, else an address.
    pub fn name(&self) -> String {
        let addresses = self.resource_urls().chain(&self.authorization_server);
        self.name
            .iter()
            .chain(addresses)
            .next()
            .cloned()
            .unwrap_or_else(|| "unnamed".to_owned())
    }
}
