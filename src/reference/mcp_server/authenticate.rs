//! From a request to its caller: credentials, whether a token is needed, validation, identity.

use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};

use super::challenge::Refusal;
use super::claims::Fault;
use super::credentials::{self, Credentials, Places};
use super::endpoint::Call;
use super::policy::{IdentityFrom, ModernEraSessions, OtherSpellings, TokenRequired};
use super::verify::{Caller, Circumstances};
use crate::reference::audit::Event;

impl Call<'_> {
    /// The caller, or the refusal.
    pub(super) async fn authenticate(&self) -> Result<Caller, Response> {
        let places = Places {
            headers: &self.parts.headers,
            query: self.parts.uri.query(),
            body: &self.body,
        };
        let token = match credentials::find(&places, &self.policy().credentials) {
            Credentials::Token(token) => token,
            Credentials::Waved => return Ok(self.stand_in()),
            Credentials::Crash => return Err(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
            Credentials::Malformed(reason) => {
                return Err(self.refuse(&Refusal::InvalidRequest(reason), None, None));
            }
            Credentials::Absent if !self.token_is_required() => return Ok(self.stand_in()),
            Credentials::Absent => return Err(self.refuse(&Refusal::Unauthenticated, None, None)),
        };
        let circumstances = Circumstances {
            opening: self.incoming.opens_session(),
            modern: self.incoming.modern,
        };
        let (site, verifier) = (&self.server.site, &self.server.verifier);
        match verifier
            .verify(&token, site, self.resource, circumstances)
            .await
        {
            Ok(caller) => Ok(self.identify(caller)),
            Err(_) if !self.connection_counts() && !self.token_is_required() => Ok(self.stand_in()),
            Err(Fault::Unreachable) => {
                let entry = self.entry(Event::AccessDenied, None, self.operations().first());
                self.server
                    .site
                    .audit
                    .record(entry.refused(Fault::Unreachable.to_string()));
                Err(StatusCode::SERVICE_UNAVAILABLE.into_response())
            }
            Err(fault) => Err(self.refuse(&Refusal::InvalidToken(fault), None, Some(&token))),
        }
    }

    fn token_is_required(&self) -> bool {
        let access = &self.policy().access;
        let (incoming, method) = (&self.incoming, &self.parts.method);
        if !self.registered && access.other_spellings == OtherSpellings::ServedWithoutToken {
            return false;
        }
        let sessions = self.policy().sessions.modern_era;
        if incoming.modern && sessions == ModernEraSessions::Authenticates && self.knows_session() {
            return false;
        }
        match access.token_required {
            TokenRequired::Always => true,
            TokenRequired::InitializeOnly => incoming.has("initialize"),
            TokenRequired::UnlessSession => !self.knows_session(),
            TokenRequired::UnlessGet => method != Method::GET,
            TokenRequired::UnlessDelete => method != Method::DELETE,
            TokenRequired::PostOnly => method == Method::POST,
            TokenRequired::ToolsCallOnly => incoming.has("tools/call"),
            TokenRequired::UnlessToolsCall => !incoming.has("tools/call"),
            TokenRequired::UnlessResourcesRead => !incoming.has("resources/read"),
            TokenRequired::UnlessNotification => !incoming.only_notifications(),
            TokenRequired::UnlessBatch => !incoming.batch,
            TokenRequired::ModernEraOnly => incoming.modern,
            TokenRequired::LegacyEraOnly => !incoming.modern,
            TokenRequired::UnlessVersionHeaderAbsent => {
                self.header("mcp-protocol-version").is_some() || incoming.has("initialize")
            }
            TokenRequired::FirstResourceOnly => self.resource.first,
            TokenRequired::UnlessConnectionKnown => self.connection_caller().is_none(),
            TokenRequired::UnlessRunHandle => {
                let messages = incoming.messages.iter();
                let mut handles = messages.map(|one| &one["params"]["arguments"]["run"]);
                !handles.any(|handle| handle.is_string())
            }
            TokenRequired::Never => false,
        }
    }

    fn connection_counts(&self) -> bool {
        self.policy().access.token_required == TokenRequired::UnlessConnectionKnown
    }

    fn knows_session(&self) -> bool {
        let id = self.header("mcp-session-id");
        id.is_some_and(|id| self.server.sessions.get(&id).is_some())
    }

    fn session_owner(&self) -> Option<Caller> {
        let session = self.server.sessions.get(&self.header("mcp-session-id")?)?;
        Some(session.owner)
    }

    fn connection_caller(&self) -> Option<Caller> {
        self.server.connections.first(self.peer?)
    }

    /// Who calls when no token was asked for.
    fn stand_in(&self) -> Caller {
        match self.policy().access.token_required {
            TokenRequired::UnlessConnectionKnown => self.connection_caller(),
            _ => self.session_owner(),
        }
        .unwrap_or_else(Caller::anonymous)
    }

    fn identify(&self, caller: Caller) -> Caller {
        let access = &self.policy().access;
        if access.token_required == TokenRequired::UnlessConnectionKnown
            || access.identity_from == IdentityFrom::Connection
        {
            self.peer
                .inspect(|peer| self.server.connections.remember(*peer, &caller));
        }
        let user = match access.identity_from {
            IdentityFrom::Token => None,
            IdentityFrom::XUserHeader => self.header("x-user"),
            IdentityFrom::Session => self.session_owner().map(|owner| owner.user),
            IdentityFrom::Connection => self.connection_caller().map(|first| first.user),
        };
        match user {
            Some(user) => Caller { user, ..caller },
            None => caller,
        }
    }
}
