//! The SDK's view of the server: tools and resources behind `ServerHandler`.
//!
//! Authorization is over when a call arrives here; the caller comes along in the request's extensions.
//! The only place besides `execute` that knows the SDK's types, since they are slow to compile.

use std::borrow::Cow;
use std::sync::Arc;

use http::request::Parts;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorCode,
    Extensions, Implementation, InputRequiredResult, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, PaginatedRequestParams, ProtocolVersion,
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, Resource,
    ResourceContents, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};

use super::customers::{CUSTOMERS, STEM};
use super::incoming::MODERN;
use super::operations::tool_needs;
use super::policy::{CacheMark, RequestState, ScopeCheck, ToolListing};
use super::questions::Question;
use super::scope;
use super::tools::{self, Data, TOOLS, ToolError, Workbench};
use super::verify::Caller;
use crate::reference::Site;

/// The handler; cheap to clone, one for each message.
#[derive(Clone)]
pub struct Handler {
    /// Policy and addresses.
    pub site: Arc<Site>,
    /// What the server keeps.
    pub data: Arc<Data>,
}

impl Handler {
    /// What the tools work with for one caller.
    pub fn bench<'h>(&'h self, caller: &'h Caller) -> Workbench<'h> {
        Workbench {
            caller,
            data: &self.data,
            access: &self.site.policy.mcp_server.access,
        }
    }

    /// The question back to the user, unless the request brings the answer to it.
    fn question(
        &self,
        request: &CallToolRequestParams,
        caller: &Caller,
        context: &RequestContext<RoleServer>,
    ) -> Result<Option<InputRequiredResult>, ErrorData> {
        let asked = Question {
            user: caller.user.clone(),
            call: format!("{} {:?}", request.name, request.arguments),
        };
        let questions = &self.data.questions;
        let answer = request.input_responses.as_ref();
        let answer = answer.and_then(|answers| answers.get("confirmation"));
        if let Some(answer) = answer {
            let check = self.site.policy.mcp_server.access.request_state;
            let state = request.request_state.as_deref().unwrap_or_default();
            let fits = questions.is_answer(state, &asked, check);
            let asks_again = check == RequestState::AsksAgain;
            if !fits && !asks_again {
                return Err(ErrorData::invalid_params(
                    "this answers no open question",
                    None,
                ));
            }
            let linking = self.site.store.lock().linking.get(state).cloned();
            let is_done = linking.is_some_and(|(_, is_done)| is_done);
            if fits && (is_done || answer["content"]["confirm"] == Value::Bool(true)) {
                return Ok(None);
            }
            if !asks_again {
                return Err(ErrorData::invalid_params("the user did not confirm", None));
            }
        }
        let capabilities = context.client_capabilities();
        if capabilities.is_none_or(|client| client.elicitation.is_none()) {
            return Err(ErrorData::new(
                ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY,
                "the client cannot ask its user",
                None,
            ));
        }
        let state = questions.ask(asked);
        if request.name == "link_account" {
            let waiting = (caller.user.clone(), false);
            self.site
                .store
                .lock()
                .linking
                .insert(state.clone(), waiting);
        }
        let named = match self
            .site
            .policy
            .mcp_server
            .access
            .elicitation_url_names_user
        {
            true => format!("&user={}", caller.user),
            false => String::new(),
        };
        let page = json!({
            "method": "elicitation/create",
            "params": {
                "mode": "url",
                "message": "Log in to link the account.",
                "elicitationId": state,
                "url": format!("{}?id={state}{named}", self.site.endpoint("/link")),
            },
        });
        let form = json!({
            "method": "elicitation/create",
            "params": {
                "mode": "form",
                "message": "Put this record away?",
                "requestedSchema": {
                    "type": "object",
                    "properties": {"confirm": {"type": "boolean"}},
                    "required": ["confirm"],
                },
            },
        });
        let question = if request.name == "link_account" {
            page
        } else {
            form
        };
        let question = serde_json::from_value(question)
            .map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        let requests = [("confirmation".to_owned(), question)]
            .into_iter()
            .collect();
        Ok(Some(InputRequiredResult::new(Some(requests), Some(state))))
    }

    fn is_listed(&self, tool: &tools::Tool, caller: &Caller) -> bool {
        let policy = &self.site.policy.mcp_server;
        let needed = tool_needs(tool.name, &Value::Null);
        let listing_only = policy.access.scope_check == ScopeCheck::ListingOnly;
        policy.access.tool_listing == ToolListing::All && !listing_only
            || needed.is_none_or(|needed| {
                let question = scope::Question {
                    needed: &needed,
                    method: if listing_only {
                        "tools/list"
                    } else {
                        "tools/call"
                    },
                    modern: false,
                    known: &self.site.policy.scopes,
                };
                scope::permits(caller, &question, policy.access.scope_check)
            })
    }

    /// `cacheScope` for a result; the versions up to 2025-11-25 do not know the member.
    fn cache_scope(&self, context: &RequestContext<RoleServer>, data: bool) -> Option<CacheScope> {
        let parts = context.extensions.get::<Parts>()?;
        let version = parts.headers.get("mcp-protocol-version")?;
        let public = self.site.policy.mcp_server.transport.cache_scope == CacheMark::Public;
        (version == MODERN).then_some(match data && public {
            true => CacheScope::Public,
            false => CacheScope::Private,
        })
    }
}

fn caller(extensions: &Extensions) -> Caller {
    let parts = extensions.get::<Parts>();
    let caller = parts.and_then(|parts| parts.extensions.get::<Caller>());
    caller.cloned().unwrap_or_default()
}

fn tool(known: &tools::Tool) -> Tool {
    Tool::new(known.name, known.description, Arc::new(known.schema()))
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources()
            .build();
        let mut info = ServerConfig::new(capabilities);
        info.server_info = Implementation::new("authspec-reference", env!("CARGO_PKG_VERSION"));
        info
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        let spoken = &self.site.policy.mcp_server.transport.mcp_versions;
        let known = ProtocolVersion::KNOWN_VERSIONS.iter();
        known
            .filter(|version| spoken.iter().any(|one| one == version.as_str()))
            .cloned()
            .collect()
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let caller = caller(&context.extensions);
        let listed = TOOLS.iter().filter(|known| self.is_listed(known, &caller));
        let mut result = ListToolsResult::with_all_items(listed.map(tool).collect());
        result.cache_scope = self.cache_scope(&context, false);
        Ok(result)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let caller = caller(&context.extensions);
        if ["archive_customer", "link_account"].contains(&&*request.name)
            && let Some(question) = self.question(&request, &caller, &context)?
        {
            return Ok(question.into());
        }
        let arguments = Value::Object(request.arguments.unwrap_or_default());
        match tools::call(&request.name, &arguments, &self.bench(&caller)) {
            Ok(result) => Ok(CallToolResult::structured(result).into()),
            Err(nothing @ ToolError::Nothing(_)) => {
                let text = ContentBlock::text(nothing.to_string());
                Ok(CallToolResult::error(vec![text]).into())
            }
            Err(error) => Err(ErrorData::invalid_params(error.to_string(), None)),
        }
    }

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let records = CUSTOMERS
            .iter()
            .map(|(id, name)| Resource::new(format!("{STEM}{id}"), *name));
        let mut result = ListResourcesResult::with_all_items(records.collect());
        result.cache_scope = self.cache_scope(&context, false);
        Ok(result)
    }

    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::default())
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let caller = caller(&context.extensions);
        let record = tools::read(&request.uri, &self.bench(&caller))
            .ok_or_else(|| ErrorData::resource_not_found("no such resource", None))?;
        let contents = ResourceContents::text(record.to_string(), request.uri);
        let mut result = ReadResourceResult::new(vec![contents]);
        result.cache_scope = self.cache_scope(&context, true);
        Ok(result.into())
    }
}
