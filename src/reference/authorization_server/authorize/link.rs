//! The page of an elicitation: a user who was asked by the MCP server logs in here (MCP elicitation,
//! URL mode). The address opens nothing by itself.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, Uri};
use axum::response::Response;

use crate::reference::Site;
use crate::reference::mcp_server::policy::ElicitationPage;

use super::super::pages;
use super::super::parameters::Parameters;
use super::login;

/// `GET /link` shows the form, `POST /link` takes the login.
pub async fn endpoint(
    State(site): State<Arc<Site>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Response {
    let is_post = method == Method::POST;
    let form = Parameters::of_page(&method, &uri, &body);
    let id = form.get(if is_post { "transaction" } else { "id" });
    let id = id.unwrap_or_default();
    let name = form.get("username").unwrap_or_default();
    let password = form.get("password").unwrap_or_default();
    if !is_post || !login::is_right(&site, name, password) {
        let context = minijinja::context! {
            action => site.endpoint("/link"),
            transaction => id,
            message => is_post.then_some("Name or password is wrong."),
        };
        return pages::show(&site, 200, pages::Page::Login, context);
    }
    let anyone = site.policy.mcp_server.access.elicitation_page == ElicitationPage::OfAnyone;
    match site.store.lock().linking.get_mut(id) {
        Some((user, is_done)) if user.as_str() == name || anyone => *is_done = true,
        _ => return pages::error(&site, 403, "", "Nobody asked you to link an account."),
    }
    pages::show(&site, 200, pages::Page::Done, minijinja::context! {})
}
