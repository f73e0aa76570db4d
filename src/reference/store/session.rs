//! Browser sessions and authorization requests that wait for a person.

use crate::reference::authorization_server::authorize::request::{
    AuthorizationRequest, RedirectedError,
};

/// A browser, known by its cookie; `user` is set once somebody has logged in.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who is logged in.
    pub user: Option<String>,
    /// The anti-forgery value of this session's forms (RFC 6749 section 10.12).
    pub csrf: String,
}

/// A checked authorization request that waits for login or consent.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// The session whose browser brought the request.
    pub session: String,
    /// The request, or the error that goes back to the client once the user is known.
    pub request: Result<AuthorizationRequest, RedirectedError>,
    /// Where the login form goes on to, if the policy lets it.
    pub return_to: Option<String>,
    /// End of life.
    pub expires_at: u64,
}
