//! Finding a client by its identifier, whichever way it came.

use crate::reference::Site;
use crate::reference::store::client::Client;
use crate::reference::store::now;

use super::client_documents;

/// The client, or why there is none.
pub async fn find(site: &Site, client_id: &str) -> Result<Client, String> {
    let known = site.store.lock().clients.get(client_id).cloned();
    match known {
        Some(client) if client.known_from <= now() => Ok(client),
        Some(_) => Err("the client is not known yet".into()),
        None if client_documents::is_document_id(&site.policy, client_id) => {
            client_documents::find(site, client_id).await
        }
        None => Err("the client is not known".into()),
    }
}
