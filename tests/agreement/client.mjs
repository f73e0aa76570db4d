// A client for the tool, which has none of its own: one that the target file names, else a new one.

/** `client_id` and perhaps `client_secret`; undefined where the server gives none. */
export async function client(target, metadata, callback) {
  const named = Object.values(target.clients ?? {}).find(
    ({ redirect_uris, client_secret }) => redirect_uris?.includes(callback) && !client_secret,
  );
  if (!metadata?.registration_endpoint || target.registration?.allowed === false) return named;
  const answer = await fetch(metadata.registration_endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'authspec agreement',
      redirect_uris: [callback],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      scope: target.scopes?.join(' '),
      ...target.registration?.members,
    }),
  });
  if (!answer.ok) throw new Error(`registration: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
