//! Client ID metadata documents (draft-ietf-oauth-client-id-metadata-document-00): the client's
//! identifier is the URL of its metadata.

pub mod document;
pub mod fetch;
pub mod url_rules;

use serde_json::Value;

use crate::reference::Site;
use crate::reference::policy::Policy;
use crate::reference::policy::client_documents::{
    DocumentCache, DocumentFailure, DocumentRedirects,
};
use crate::reference::policy::registration::ForeignUrls;
use crate::reference::store::client::{CachedDocument, Client, ClientOrigin, RedirectRule};
use crate::reference::store::now;

/// Whether an identifier is the URL of a document.
pub fn is_document_id(policy: &Policy, client_id: &str) -> bool {
    policy.client_documents.enabled
        && (client_id.starts_with("https://") || client_id.starts_with("http://"))
}

/// The client whose document is at `client_id`.
pub async fn find(site: &Site, client_id: &str) -> Result<Client, String> {
    let policy = &site.policy.client_documents;
    url_rules::check(policy, client_id)?;
    let cached = site.store.lock().documents.get(client_id).cloned();
    if let Some(cached) = &cached
        && cached.fresh_until > now()
    {
        return cached.client.clone();
    }
    let (fetched, fresh_for) = match site.fetcher.document(client_id).await {
        Ok(fetched) => (
            document::client(&site.policy, client_id, &fetched.body),
            fetched.fresh_for,
        ),
        Err(reason) => (Err(reason), 0),
    };
    if let Ok(client) = &fetched
        && policy.inner_urls == ForeignUrls::FetchedAtOnce
    {
        for name in ["jwks_uri", "logo_uri"] {
            if let Some(place) = client.metadata.get(name).and_then(Value::as_str) {
                // What comes back does not matter; that the request was made does.
                let _ = site.fetcher.unguarded(place).await;
            }
        }
    }
    let mut ever = cached
        .map(|cached| cached.redirect_uris_ever)
        .unwrap_or_default();
    let client = match fetched {
        Ok(mut client) => {
            ever.extend(client.redirect_uris.clone());
            if policy.redirect_uris == DocumentRedirects::ListedEver {
                client.redirect_uris.clone_from(&ever);
            }
            Ok(client)
        }
        Err(_) if policy.failure == DocumentFailure::GoesOn => Ok(unverified(site, client_id)),
        Err(reason) => Err(reason),
    };
    let life = match (policy.cache, &client) {
        (DocumentCache::Never, _) => 0,
        (DocumentCache::ForEver, Ok(_)) => u64::from(u32::MAX),
        (DocumentCache::ErrorsToo, Err(_)) => 600,
        (_, Ok(_)) => fresh_for,
        (_, Err(_)) => 0,
    };
    let entry = CachedDocument {
        client: client.clone(),
        fresh_until: now() + life,
        redirect_uris_ever: ever,
    };
    site.store
        .lock()
        .documents
        .insert(client_id.to_owned(), entry);
    client
}

fn unverified(site: &Site, client_id: &str) -> Client {
    Client {
        client_id: client_id.to_owned(),
        client_name: "unknown".into(),
        grant_types: vec!["authorization_code".into()],
        response_types: vec!["code".into()],
        scopes: site.policy.scopes.clone(),
        origin: ClientOrigin::Document,
        redirect_rule: RedirectRule::Any,
        ..Client::default()
    }
}
