//! Refresh tokens and client credentials (OAuth 2.1 sections 4.2 and 4.3).

use super::macros::{decision, section};
use super::token::HandleForm;

decision! {
    /// Who gets a refresh token (OAuth 2.1 section 4.3).
    pub enum RefreshIssue {
        /// Clients that registered the grant type.
        #[default]
        WhenRegistered,
        /// Everybody.
        Always,
        /// Nobody.
        Never,
    }
}

decision! {
    /// What a refresh does to the refresh token (OAuth 2.1 section 4.3.1).
    pub enum Rotation {
        /// A new one replaces it; the old one is dead.
        #[default]
        Rotated,
        /// A new one is given; the old one lives on.
        OldLivesOn,
        /// The same one comes back.
        Same,
    }
}

decision! {
    /// A spent refresh token that comes back (OAuth 2.1 section 4.3.1).
    pub enum RefreshReuse {
        /// The whole family is revoked.
        #[default]
        RevokesFamily,
        /// It is refused; its successors live on.
        RefusedOnly,
    }
}

decision! {
    /// Two refreshes at the same time (OAuth 2.1 section 4.3.1).
    pub enum RefreshRace {
        /// One wins.
        #[default]
        Atomic,
        /// All win.
        Racy,
    }
}

decision! {
    /// `scope` of a refresh request (OAuth 2.1 section 4.3.1).
    pub enum RefreshScope {
        /// Within the grant; narrows the access token only.
        #[default]
        Narrows,
        /// Granted as it comes.
        Widens,
        /// Within what the client registered.
        WidensToRegistration,
        /// Not looked at, nor is the truth reported.
        Ignored,
        /// Narrows the grant for good.
        NarrowsForGood,
    }
}

decision! {
    /// `resource` of a token or refresh request (RFC 8707 section 2.2: within the grant).
    pub enum ResourceBound {
        /// Within the grant.
        #[default]
        Narrows,
        /// Any resource that the server knows.
        AnyKnown,
        /// Any value.
        AsSent,
        /// Not looked at.
        Ignored,
        /// The token loses its audience.
        DropsAudience,
    }
}

section! {
    /// Decisions about refresh tokens.
    pub struct RefreshPolicy {
        /// Whether the tokens that are given out work (OAuth 2.1 section 4.3.2).
        served: bool = true,
        /// Who gets one.
        issued: RefreshIssue = RefreshIssue::WhenRegistered,
        /// Rotation for public clients.
        rotation_public: Rotation = Rotation::Rotated,
        /// Rotation for confidential clients (may be left out).
        rotation_confidential: Rotation = Rotation::Rotated,
        /// Reuse.
        reuse: RefreshReuse = RefreshReuse::RevokesFamily,
        /// Race.
        race: RefreshRace = RefreshRace::Atomic,
        /// Whether the client is compared.
        bound_to_client: bool = true,
        /// Scope.
        scope: RefreshScope = RefreshScope::Narrows,
        /// Resource.
        resource: ResourceBound = ResourceBound::Narrows,
        /// Whether an access token passes for a refresh token.
        access_token_accepted: bool = false,
        /// Whether a revoked grant stops refreshing.
        grant_checked: bool = true,
        /// Lifetime in seconds since the grant; 0: no end.
        lifetime: u64 = 86_400,
        /// Form.
        form: HandleForm = HandleForm::Random,
        /// Whether a request that is refused for its scope or resource leaves the token as it was.
        refusal_keeps_token: bool = true,
    }
}

decision! {
    /// The scopes of a machine client (OAuth 2.1 section 1.4.1).
    pub enum MachineScope {
        /// Those that it registered.
        #[default]
        Registered,
        /// Whatever it asks for, if the server knows it.
        AnyKnown,
        /// Whatever it asks for.
        AsSent,
    }
}

decision! {
    /// The subject of a machine client's token (OAuth 2.1 section 7.4, RFC 9068 section 2.2).
    pub enum MachineSubject {
        /// The client.
        #[default]
        ClientId,
        /// A user that the client names.
        NamedUser,
    }
}

section! {
    /// Decisions about the client credentials grant.
    pub struct ClientCredentialsPolicy {
        /// Whether public clients are refused (OAuth 2.1 section 4.2).
        confidential_only: bool = true,
        /// Whether no refresh token comes along (RFC 6749 section 4.4.3).
        without_refresh_token: bool = true,
        /// Scope.
        scope: MachineScope = MachineScope::Registered,
        /// Subject.
        subject: MachineSubject = MachineSubject::ClientId,
        /// Whether `resource` decides the audience (RFC 8707 section 2.2).
        resource_honoured: bool = true,
    }
}
