//! Sessions of the MCP versions up to 2025-11-25.

use crate::reference::policy::macros::{decision, section};

section! {
    /// Decisions about `Mcp-Session-Id` (MCP transports "session management", security best practices
    /// "session hijacking"). 2026-07-28 has no sessions.
    pub struct SessionPolicy {
        /// Whether `initialize` opens a session and later requests need it.
        mode: SessionMode = SessionMode::default(),
        /// To whom a session belongs (best practices: bound to the user).
        bound_to: SessionBinding = SessionBinding::default(),
        /// How IDs are made (MCP transports: visible ASCII, cryptographically secure).
        ids: SessionIds = SessionIds::default(),
        /// What a request with a foreign or dead session leads to.
        unknown: UnknownSession = UnknownSession::default(),
        /// What a request without a session leads to.
        missing: MissingSession = MissingSession::default(),
        /// What DELETE does.
        delete: SessionDelete = SessionDelete::default(),
        /// Whether a session ID is minted or looked at under 2026-07-28 (transports: ignored).
        modern_era: ModernEraSessions = ModernEraSessions::default(),
    }
}

decision! {
    /// Whether there are sessions.
    pub enum SessionMode {
        /// `initialize` opens one, and every later request names it.
        #[default]
        Required,
        /// `initialize` opens one; requests without work too.
        Optional,
        /// None is opened.
        Off,
    }
}

decision! {
    /// Who may use a session.
    pub enum SessionBinding {
        /// The user and the client that opened it.
        #[default]
        UserAndClient,
        /// The user, with any client.
        User,
        /// Anybody with a valid token.
        Nobody,
        /// The very token that opened it; a refreshed one is turned away.
        Token,
        /// The user for POST only.
        UserForPostOnly,
    }
}

decision! {
    /// How session IDs are made.
    pub enum SessionIds {
        /// 32 random bytes.
        #[default]
        Random,
        /// A counter.
        Counter,
        /// The user's name.
        UserName,
        /// With a space inside.
        WithSpace,
        /// The access token itself.
        AccessToken,
        /// Four random digits.
        Short,
    }
}

decision! {
    /// Answer to an unknown session.
    pub enum UnknownSession {
        /// 404.
        #[default]
        NotFound,
        /// 400.
        BadRequest,
        /// 500.
        Crash,
        /// It is opened under the name that the client chose.
        Adopted,
    }
}

decision! {
    /// Answer to a missing session ID.
    pub enum MissingSession {
        /// 400.
        #[default]
        BadRequest,
        /// 500.
        Crash,
        /// 404.
        NotFound,
    }
}

decision! {
    /// Effect of DELETE.
    pub enum SessionDelete {
        /// The session ends.
        #[default]
        Ends,
        /// Success is answered, nothing happens.
        Ignored,
        /// 405, as the transport permits.
        NotAllowed,
    }
}

decision! {
    /// What `Mcp-Session-Id` means under 2026-07-28.
    pub enum ModernEraSessions {
        /// Nothing.
        #[default]
        Ignored,
        /// An unknown one is answered with 404.
        LookedUp,
        /// A known one stands in for the token.
        Authenticates,
    }
}
