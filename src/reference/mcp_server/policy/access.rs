//! Which requests need a token, and what a token's scopes, user and client permit.

use crate::reference::policy::macros::{decision, section};

section! {
    /// Decisions about authorization proper (MCP authorization "access token usage", RFC 6750 section 3.1).
    pub struct AccessPolicy {
        /// Which requests must carry a token: every one (MCP authorization: "every HTTP request").
        token_required: TokenRequired = TokenRequired::default(),
        /// How granted scopes are compared with the needed one (OAuth 2.1 section 5.2).
        scope_check: ScopeCheck = ScopeCheck::default(),
        /// Which elements of a JSON-RPC batch (2025-03-26 only) are checked.
        batch_check: BatchCheck = BatchCheck::default(),
        /// Which part of the request names the operation that is authorized (MCP 2026-07-28 transports:
        /// headers that contradict the body are refused, so both name the same one).
        operation_from: OperationFrom = OperationFrom::default(),
        /// Whether the operation waits for the checks (OAuth 2.1 section 5.2: "validate before processing").
        check_order: CheckOrder = CheckOrder::default(),
        /// Whether customer data is separated by user (MCP resources: access control).
        customer_data_owner: CustomerDataOwner = CustomerDataOwner::default(),
        /// Where the caller's identity comes from: the validated token (MCP security best practices).
        identity_from: IdentityFrom = IdentityFrom::default(),
        /// Which tools `tools/list` shows.
        tool_listing: ToolListing = ToolListing::default(),
        /// Name in `clientInfo` that opens every operation; none, since that name is self-reported.
        trusted_client_info: Option<String> = None,
        /// Whose workflow runs a caller sees (MCP best practices: state handles are bound to the user).
        run_owner: RunOwner = RunOwner::default(),
        /// How the handles of workflow runs are made (best practices: not guessable).
        run_handles: RunHandles = RunHandles::default(),
        /// What an answer to a question must bring back (MCP 2026-07-28 "multi round-trip requests").
        request_state: RequestState = RequestState::default(),
        /// Who may open the page of an elicitation (MCP elicitation, "phishing").
        elicitation_page: ElicitationPage = ElicitationPage::default(),
        /// Whether the address of that page says who the user is; it must not (MCP elicitation, "safe URL
        /// handling").
        elicitation_url_names_user: bool = false,
        /// Whose tasks a caller reaches (MCP 2025-11-25 tasks: bound to the authorization context).
        task_owner: TaskOwner = TaskOwner::default(),
        /// A scope that every request needs besides its own, the handshake included; none when empty.
        every_request_needs: String = String::new(),
        /// What happens to spellings of the endpoint's path that are not registered (`/mcp/`, `//mcp`, `/MCP`).
        other_spellings: OtherSpellings = OtherSpellings::default(),
        /// Whether the operations `weather`, `customer` and `news` are also served by plain HTTP, `GET` behind
        /// the endpoint's path (OAuth 2.1 section 5: a protected resource need not speak MCP).
        plain_api: bool = false,
    }
}

decision! {
    /// Which requests are refused when they carry no token.
    pub enum TokenRequired {
        /// All requests to the MCP endpoint.
        #[default]
        Always,
        /// `initialize` alone; what follows is trusted.
        InitializeOnly,
        /// Requests without a known session ID: the session stands in for the token.
        UnlessSession,
        /// POST only: the event stream (GET) is open.
        UnlessGet,
        /// All but DELETE.
        UnlessDelete,
        /// POST only.
        PostOnly,
        /// `tools/call` alone.
        ToolsCallOnly,
        /// All but `tools/call` (a middleware that knows the handshake and the lists).
        UnlessToolsCall,
        /// All but `resources/read`.
        UnlessResourcesRead,
        /// All but notifications.
        UnlessNotification,
        /// Single messages; a batch slips through.
        UnlessBatch,
        /// Requests of 2026-07-28 only.
        ModernEraOnly,
        /// Requests of the versions up to 2025-11-25 only.
        LegacyEraOnly,
        /// Requests that carry a version header.
        UnlessVersionHeaderAbsent,
        /// The first resource only.
        FirstResourceOnly,
        /// Requests that name no workflow run: the handle stands in for the token.
        UnlessRunHandle,
        /// Requests on a connection that has carried no valid token yet.
        UnlessConnectionKnown,
        /// None.
        Never,
    }
}

decision! {
    /// How a granted scope covers a needed one.
    pub enum ScopeCheck {
        /// Equal strings, or a granted scope with a trailing `:*` that covers one or more segments.
        #[default]
        Enforced,
        /// Not looked at.
        Ignored,
        /// Any scope at all is enough.
        AnyScope,
        /// A granted scope that is a prefix of the needed one, segments or not.
        PrefixMatch,
        /// A needed scope that is a prefix of a granted one.
        ReversePrefix,
        /// A granted scope that occurs within the needed one, or the other way.
        Substring,
        /// Upper and lower case are the same (RFC 6749 section 3.3: scopes are case-sensitive).
        IgnoreCase,
        /// The first segment alone is compared.
        FirstSegment,
        /// All segments but the last are compared, so `:read` covers `:write`.
        IgnoreLastSegment,
        /// Equal strings only: a granted wildcard covers nothing.
        WildcardIgnored,
        /// A needed workflow is covered by any scope for some workflow.
        AnyWorkflow,
        /// Only `tools/call` is checked.
        ToolsOnly,
        /// Only `resources/read` is checked.
        ResourcesOnly,
        /// Machine tokens (no user behind them) pass without a look.
        UnlessMachine,
        /// Only requests of the versions up to 2025-11-25 are checked.
        LegacyEraOnly,
        /// `tools/list` hides what a caller may not call, and calls are not checked.
        ListingOnly,
        /// A token must hold every scope of the server (MCP best practices: down-scoped tokens work).
        AllRequired,
    }
}

decision! {
    /// Which messages of a batch go through the checks.
    pub enum BatchCheck {
        /// Each one.
        #[default]
        EveryMessage,
        /// The first.
        FirstOnly,
        /// The last.
        LastOnly,
        /// None.
        None,
    }
}

decision! {
    /// Which part of a request names the operation for the scope check.
    pub enum OperationFrom {
        /// The JSON-RPC message.
        #[default]
        Body,
        /// `Mcp-Method` and `Mcp-Name`, while the body is executed.
        Headers,
    }
}

decision! {
    /// When the operation runs.
    pub enum CheckOrder {
        /// After every check.
        #[default]
        BeforeExecution,
        /// First; a refusal only replaces the answer.
        AfterExecution,
        /// The token is checked first, the scope after the operation ran.
        ScopeAfterExecution,
    }
}

decision! {
    /// Whose customer notes a caller sees and changes.
    pub enum CustomerDataOwner {
        /// The caller's own.
        #[default]
        Caller,
        /// Everybody's.
        Anyone,
        /// Reading is separated, writing goes to everybody's.
        ReadOnly,
        /// The user that the argument or query `user` names.
        Argument,
    }
}

decision! {
    /// Where the caller's identity comes from.
    pub enum IdentityFrom {
        /// `sub` and `client_id` of the validated token.
        #[default]
        Token,
        /// The request header `X-User`, when present.
        XUserHeader,
        /// The user who opened the session.
        Session,
        /// The user of the first request on the connection.
        Connection,
    }
}

decision! {
    /// Which tools `tools/list` names.
    pub enum ToolListing {
        /// All.
        #[default]
        All,
        /// Those that the granted scopes permit to call.
        ByScope,
    }
}

decision! {
    /// How spellings near the endpoint's path are answered.
    pub enum OtherSpellings {
        /// 404.
        #[default]
        NotFound,
        /// As the endpoint itself.
        Served,
        /// As the endpoint itself, but the token check does not match them.
        ServedWithoutToken,
    }
}

decision! {
    /// Who reaches a task.
    pub enum TaskOwner {
        /// The user who began it.
        #[default]
        Caller,
        /// Whoever has its identifier.
        Anyone,
        /// The user alone, but the list shows everybody's.
        ListedToAll,
    }
}

decision! {
    /// Who may look at a workflow run.
    pub enum RunOwner {
        /// The user who started it.
        #[default]
        Caller,
        /// Whoever has its handle.
        Anyone,
    }
}

decision! {
    /// Whether `requestState` is held against what it was made for.
    pub enum RequestState {
        /// It is known, of the same user and the same call, and not older than some minutes.
        #[default]
        Bound,
        /// The same; what does not fit is answered with the question once more.
        AsksAgain,
        /// Any at all will do.
        Unchecked,
        /// Whoever brings it.
        AnyUser,
        /// For whatever call.
        AnyCall,
    }
}

decision! {
    /// Whose confirmation on the page of an elicitation counts.
    pub enum ElicitationPage {
        /// That of the user who was asked, who logs in for it.
        #[default]
        OfUser,
        /// Anybody's who logs in.
        OfAnyone,
    }
}

decision! {
    /// How handles are made.
    pub enum RunHandles {
        /// 24 random bytes.
        #[default]
        Random,
        /// A counter.
        Counter,
    }
}
