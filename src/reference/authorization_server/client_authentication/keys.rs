//! The keys of a client: registered inline, or fetched from its `jwks_uri` under the same guard as
//! client ID metadata documents (RFC 7591 section 2, draft section 6.5).

use serde_json::Value;

use crate::reference::Site;
use crate::reference::store::client::Client;

/// The keys, or why there are none.
pub async fn of_client(site: &Site, client: &Client) -> Result<Vec<Value>, String> {
    let document = match (&client.jwks, &client.jwks_uri) {
        (Some(inline), _) => inline.clone(),
        (None, Some(uri)) => site.fetcher.document(uri).await?.body,
        (None, None) => return Err("the client has no keys".into()),
    };
    let keys = document.get("keys").and_then(Value::as_array).cloned();
    keys.ok_or_else(|| "the client's key set is malformed".into())
}
