//! MCP versions, header rules, origins, and the form of answers.

use crate::reference::policy::macros::{decision, section};

section! {
    /// Decisions about the streamable HTTP transport (MCP transports, versioning, lifecycle).
    pub struct TransportPolicy {
        /// MCP versions that the server speaks.
        mcp_versions: Vec<String> = ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]
                .map(String::from)
                .to_vec(),
        /// Which `Origin` values are let in (transports, security warning).
        origin_check: OriginCheck = OriginCheck::default(),
        /// Origins that are let in besides the server's own.
        allowed_origins: Vec<String> = Vec::new(),
        /// Status for a foreign origin (MCP 2025-11-25: 403).
        origin_status: u16 = 403,
        /// Which origins the CORS headers of the metadata and of the MCP endpoint name.
        cors: Cors = Cors::default(),
        /// What an unsupported `MCP-Protocol-Version` leads to (2025-06-18 and later: 400).
        unsupported_version: UnsupportedVersion = UnsupportedVersion::default(),
        /// What a request without `MCP-Protocol-Version` leads to after a handshake of 2025-06-18 or
        /// 2025-11-25 (SHOULD be taken).
        absent_version: AbsentVersion = AbsentVersion::default(),
        /// Whether headers that contradict the body are refused (2026-07-28: 400, -32020).
        header_mismatch: HeaderMismatch = HeaderMismatch::default(),
        /// Whether `_meta` must be complete (2026-07-28: 400, -32602).
        request_meta: RequestMeta = RequestMeta::default(),
        /// HTTP status of an unknown method (2026-07-28: 404 with -32601).
        unknown_method_status: u16 = 404,
        /// Form of a result.
        answer_form: AnswerForm = AnswerForm::default(),
        /// What log messages to the client say (MCP logging: no credentials).
        log_content: LogContent = LogContent::default(),
        /// Methods of 2026-07-28 that are answered as unknown, though the version has them.
        unimplemented_methods: Vec<String> = Vec::new(),
        /// Content type of a result as JSON; `application/json`.
        json_content_type: String = "application/json".into(),
        /// What GET does in a session.
        event_stream: EventStream = EventStream::default(),
        /// `cacheScope` of results that hold a user's data (MCP 2026-07-28 caching).
        cache_scope: CacheMark = CacheMark::default(),
        /// `Cache-Control` of answers at the MCP endpoint; left out when empty.
        cache_control: String = "no-store".into(),
        /// Which versions know several messages in one request (2025-06-18 and later: none).
        batches: Batches = Batches::default(),
        /// Largest body of a request, in bytes.
        body_limit: usize = 256 * 1024,
    }
}

decision! {
    /// Which origins are let in.
    pub enum OriginCheck {
        /// The server's own and the configured ones; a request without `Origin` passes.
        #[default]
        Checked,
        /// All.
        Ignored,
        /// As checked, and `null`.
        NullAccepted,
        /// Those that begin with an allowed one.
        Prefix,
        /// Those that end with an allowed host.
        Suffix,
        /// Those whose host is loopback, whatever the port.
        AnyLoopback,
        /// Checked on POST only.
        PostOnly,
        /// Checked only where no token comes along.
        UnlessToken,
    }
}

decision! {
    /// What CORS headers say.
    pub enum Cors {
        /// Origins that pass the origin check, without credentials.
        #[default]
        Allowed,
        /// None are sent.
        Off,
        /// Every origin is reflected and credentials are permitted.
        ReflectWithCredentials,
    }
}

decision! {
    /// What an unsupported version leads to.
    pub enum UnsupportedVersion {
        /// 400; in the modern form -32022 with the supported versions.
        #[default]
        Refused,
        /// Nothing: the request is processed.
        Ignored,
        /// 500.
        Crash,
    }
}

decision! {
    /// Which versions have batches.
    pub enum Batches {
        /// 2025-03-26.
        #[default]
        OldVersion,
        /// All that open with a handshake.
        EveryVersion,
    }
}

decision! {
    /// What a contradiction between headers and body leads to.
    pub enum HeaderMismatch {
        /// 400 with -32020.
        #[default]
        Refused,
        /// Nothing: the body counts.
        Ignored,
    }
}

decision! {
    /// What an incomplete `_meta` leads to.
    pub enum RequestMeta {
        /// 400 with -32602.
        #[default]
        Required,
        /// What is missing is assumed.
        Assumed,
    }
}

decision! {
    /// Form of a result.
    pub enum AnswerForm {
        /// One JSON document.
        #[default]
        Json,
        /// An event stream with one event.
        EventStream,
        /// An event stream with a log message before the result.
        EventStreamWithLog,
    }
}

decision! {
    /// What GET in a session does.
    pub enum EventStream {
        /// A stream that stays open for some seconds.
        #[default]
        Offered,
        /// 405, as the transport permits.
        NotAllowed,
    }
}

decision! {
    /// `cacheScope` of a user's data.
    pub enum CacheMark {
        /// `private`.
        #[default]
        Private,
        /// `public`.
        Public,
    }
}

decision! {
    /// What log messages to the client say.
    pub enum LogContent {
        /// The endpoint's path.
        #[default]
        Harmless,
        /// The request's `Authorization` as well.
        Authorization,
    }
}

decision! {
    /// What an absent version header leads to after the handshake.
    pub enum AbsentVersion {
        /// Nothing: the session knows the version.
        #[default]
        Assumed,
        /// 400.
        Refused,
    }
}
