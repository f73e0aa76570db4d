//! The client identities of a target file: registered by its settings, given with a key, and
//! published as a metadata document.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use rand::rngs::OsRng;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::served::Served;
use super::{empty, result, say};

fn write(folder: &TempDir, name: &str, text: &str) {
    std::fs::write(folder.path().join(name), text).expect("the file");
}

/// Members that are in every target file here.
fn target(served: &Served, more: &str) -> String {
    format!(
        "mcp_server: {}\nauthorization_server: {}\nusers: {{ first: {{ username: alice, password: \
         {{ value: wonderland-7 }} }} }}\nscopes: [mcp:tools:weather]\n{more}",
        served.mcp, served.issuer
    )
}

/// Where the confidential client is sent back to.
const CALLBACK: &str = "https://app.example/cb";

/// Registers a client with a public key, as an operator would have done long ago.
fn register(issuer: &str, jwk: &Value, grant: &str) -> String {
    let host = issuer.trim_start_matches("http://");
    let body = json!({
        "client_name": "by key", "redirect_uris": [CALLBACK], "grant_types": [grant],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": { "keys": [jwk] },
    })
    .to_string();
    let mut stream = TcpStream::connect(host).expect("a connection");
    let length = body.len();
    write!(
        stream,
        "POST /register HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let body: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"));
    body["client_id"].as_str().expect("a client_id").to_owned()
}

fn pem(der: &[u8]) -> String {
    let body = base64::prelude::BASE64_STANDARD.encode(der);
    format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
}

/// A private key of P-256.
pub fn ec_key() -> String {
    let key = p256::SecretKey::random(&mut OsRng);
    pem(key.to_pkcs8_der().expect("a key").as_bytes())
}

/// Private key files by name, each with the public JWK.
fn keys() -> [(&'static str, String, Value); 3] {
    let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let ec = p256::SecretKey::random(&mut OsRng);
    let public: Value = serde_json::from_str(&ec.public_key().to_jwk_string()).expect("a JWK");
    let ec_pem = pem(ec.to_pkcs8_der().expect("a key").as_bytes());
    let rsa = rsa::RsaPrivateKey::new(&mut OsRng, 2048).expect("a key");
    let (n, e, d) = (rsa.n(), rsa.e(), rsa.d());
    let (n, e, d) = (n.to_bytes_be(), e.to_bytes_be(), d.to_bytes_be());
    let (n, e, d) = (text(&n), text(&e), text(&d));
    let ed = ed25519_dalek::SigningKey::from_bytes(&rand::random());
    let x = text(ed.verifying_key().as_bytes());
    let ed_pem = pem(ed.to_pkcs8_der().expect("a key").as_bytes());
    [
        ("ES256", ec_pem, public),
        (
            "RS256",
            json!({ "kty": "RSA", "kid": "r1", "n": n, "e": e, "d": d }).to_string(),
            json!({ "kty": "RSA", "kid": "r1", "n": n, "e": e }),
        ),
        (
            "EdDSA",
            ed_pem,
            json!({ "kty": "OKP", "crv": "Ed25519", "x": x }),
        ),
    ]
}

#[test]
fn a_given_client_authenticates_by_its_key() {
    let (served, folder) = (Served::start(), empty());
    for (algorithm, private, public) in keys() {
        let client_id = register(&served.issuer, &public, "client_credentials");
        write(&folder, "key", &private);
        let client = format!(
            "clients:\n  machine: {{ client_id: \"{client_id}\", private_key: {{ file: key }} }}\n"
        );
        write(&folder, "target.yaml", &target(&served, &client));
        let said = say(
            &folder,
            &["run", "target.yaml", "--suite", "token/client-credentials"],
        );
        said.ends_with(0)
            .prints(" 0 failed")
            // Its secret cannot be varied, since it has none.
            .prints("this one authenticates by a key");
        let result = result(&folder);
        let verdict = |id: &str| {
            let cases = result["cases"].as_array().expect("cases");
            let case = cases.iter().find(|case| case["id"] == id);
            case.expect(id)["verdict"].clone()
        };
        assert_eq!(
            verdict("token/client-credentials/works"),
            "pass",
            "{algorithm}"
        );
        let secret = "token/client-credentials/wrong-secret[one character changed]";
        assert_eq!(verdict(secret), "untested", "{algorithm}");
        let text = result.to_string();
        assert!(text.contains("client_assertion") && !text.contains(private.trim()));
    }
}

#[test]
fn a_given_web_client_redeems_its_codes_by_its_key() {
    let (served, folder) = (Served::start(), empty());
    let [(_, private, public), ..] = keys();
    let client_id = register(&served.issuer, &public, "authorization_code");
    write(&folder, "key", &private);
    let client = format!(
        "clients:\n  confidential: {{ client_id: \"{client_id}\", private_key: {{ file: key }}, \
         redirect_uris: [\"{CALLBACK}\"] }}\n"
    );
    write(&folder, "target.yaml", &target(&served, &client));
    let check = "authorization/pkce/*[confidential]";
    say(&folder, &["run", "target.yaml", "--check", check])
        .ends_with(0)
        .prints("3 passed, 0 failed");
    let check = "token/client-authentication/*";
    let said = say(&folder, &["run", "target.yaml", "--check", check]);
    said.ends_with(0).prints("by a key").prints(" 0 failed");
}

#[test]
fn a_key_that_the_server_does_not_know_opens_nothing() {
    let (served, folder) = (Served::start(), empty());
    let [(_, _, public), _, (_, other, _)] = keys();
    let client_id = register(&served.issuer, &public, "client_credentials");
    write(&folder, "key", &other);
    let client = format!(
        "clients: {{ machine: {{ client_id: \"{client_id}\", private_key: {{ file: key }} }} }}\n"
    );
    write(&folder, "target.yaml", &target(&served, &client));
    let check = [
        "run",
        "target.yaml",
        "--check",
        "token/client-credentials/works",
    ];
    say(&folder, &check)
        .ends_with(3)
        .prints("invalid_client")
        .prints("`clients.machine` of the target file");
}

#[test]
fn registrations_are_as_the_settings_say() {
    let (served, folder) = (Served::start(), empty());
    let settings = "registration:\n  application_type: web\n  scope: mcp:tools:weather\n  \
                    secret_authentication: client_secret_basic\n  members: { software_id: ours }\n  \
                    profiles: { machine: { client_name: The machine } }\n";
    write(&folder, "target.yaml", &target(&served, settings));
    let check = "token/{client-credentials/works,client-authentication/wrong-secret}*";
    say(&folder, &["run", "target.yaml", "--check", check]).ends_with(0);
    let result = result(&folder);
    let exchanges = result["exchanges"].as_array().expect("exchanges");
    let bodies = exchanges.iter().filter_map(|exchange| {
        let request = &exchange["request"];
        let url = request["url"].as_str().unwrap_or_default();
        let body = request["body"]
            .as_str()
            .filter(|_| url.ends_with("/register"));
        serde_json::from_str::<Value>(body?).ok()
    });
    let bodies: Vec<Value> = bodies.collect();
    let of = |method: &str, name: &str| {
        let found = bodies.iter().find(|body| {
            body["token_endpoint_auth_method"] == method
                && body["client_name"]
                    .as_str()
                    .unwrap_or_default()
                    .contains(name)
        });
        found.unwrap_or_else(|| panic!("{method} {name}: {bodies:#?}"))
    };
    let machine = of("client_secret_basic", "The machine");
    // It has no redirect URIs, so it is an application of no type.
    assert_eq!(machine["application_type"], Value::Null);
    let confidential = of("client_secret_basic", "confidential");
    let public = of("none", "public");
    assert_eq!(public["application_type"], "web");
    for body in [machine, confidential, public] {
        assert_eq!(body["scope"], "mcp:tools:weather");
        assert_eq!(body["software_id"], "ours");
    }
}

/// A free port of this machine.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}

/// A certificate for 127.0.0.1 with its key, and the authority that the server is to trust.
fn certificate(folder: &TempDir) {
    let authority_key = KeyPair::generate().expect("a key");
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = authority.self_signed(&authority_key).expect("a root");
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("parameters");
    let leaf = leaf.signed_by(&key, &issuer).expect("a certificate");
    write(folder, "root.pem", &root.pem());
    write(folder, "chain.pem", &leaf.pem());
    write(folder, "key.pem", &key.serialize_pem());
}

#[test]
fn public_clients_are_documents_where_the_server_takes_them() {
    let folder = empty();
    certificate(&folder);
    let policy = "title: Documents from loopback, and no registration\npolicy:\n  \
                  client_documents: { addresses: loopback_too }\n  registration: { enabled: false }\n";
    write(&folder, "policy.yaml", policy);
    let path = |name: &str| folder.path().join(name).display().to_string();
    let served = Served::start_trusting(&path("root.pem"), &["--policy", &path("policy.yaml")]);
    let port = free_port();
    let documents = format!(
        "client_id_metadata:\n  url: https://127.0.0.1:{port}/authspec/\n  listen: \
         127.0.0.1:{port}\n  certificate: chain.pem\n  private_key: {{ file: key.pem }}\n"
    );
    write(&folder, "target.yaml", &target(&served, &documents));
    say(&folder, &["doctor", "target.yaml"])
        .ends_with(0)
        .prints("a code arrived")
        .prints("an access token came");
    // Everything that public clients can be tested by.
    let said = say(&folder, &["run", "target.yaml"]);
    said.ends_with(0).prints(" 0 failed");
    assert!(!said.out.contains("inconclusive"), "{}", said.out);
    let result = result(&folder);
    assert_eq!(result["sent"]["registrations"], 0);
    let cases = result["cases"].as_array().expect("cases");
    let passed = cases.iter().filter(|case| case["verdict"] == "pass");
    assert!(passed.count() > 100, "{}", said.out);
    let client_id = format!("client_id=https%3A%2F%2F127.0.0.1%3A{port}%2Fauthspec%2F");
    assert!(result.to_string().contains(&client_id));
    // Without documents, nobody has an identity at this server.
    write(&folder, "target.yaml", &target(&served, ""));
    say(
        &folder,
        &["run", "target.yaml", "--suite", "authorization/pkce"],
    )
    .ends_with(0)
    .prints("1 passed")
    .prints("`clients.public`");
}

#[test]
fn a_server_that_does_not_trust_the_certificate_is_not_accused() {
    let folder = empty();
    certificate(&folder);
    let policy = "title: Documents from loopback\npolicy:\n  client_documents: { addresses: \
                  loopback_too }\n";
    write(&folder, "policy.yaml", policy);
    let policy = folder.path().join("policy.yaml").display().to_string();
    let served = Served::start_with(&["--policy", &policy]);
    let port = free_port();
    let documents = format!(
        "client_id_metadata: {{ url: \"https://127.0.0.1:{port}/a\", listen: \"127.0.0.1:{port}\", \
         certificate: chain.pem, private_key: {{ file: key.pem }} }}\n"
    );
    write(&folder, "target.yaml", &target(&served, &documents));
    say(&folder, &["doctor", "target.yaml"])
        .ends_with(3)
        .prints("mend: nobody came for the client's document");
    let said = say(
        &folder,
        &["run", "target.yaml", "--suite", "authorization/pkce"],
    );
    said.ends_with(3).prints(" 0 failed");
    assert!(!said.out.contains("FAIL"), "{}", said.out);
}

#[test]
fn an_address_that_somebody_else_has_is_named() {
    let folder = empty();
    let policy = "title: No registration\npolicy: { registration: { enabled: false } }\n";
    write(&folder, "policy.yaml", policy);
    let policy = folder.path().join("policy.yaml").display().to_string();
    let served = Served::start_with(&["--policy", &policy]);
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let listen = taken.local_addr().expect("its address");
    let documents = format!(
        "client_id_metadata: {{ url: \"https://client.example/a\", listen: \"{listen}\" }}\n"
    );
    write(&folder, "target.yaml", &target(&served, &documents));
    say(&folder, &["doctor", "target.yaml"])
        .ends_with(3)
        .prints(&format!("cannot listen on {listen}: "))
        .prints("mend: choose another address as `client_id_metadata.listen`");
    // It is no fault of authspec's.
    say(
        &folder,
        &["run", "target.yaml", "--suite", "registration/documents"],
    )
    .ends_with(3)
    .prints("0 failed, ");
}

#[test]
fn a_wait_that_the_limits_do_not_allow_is_untested_and_names_them() {
    let (served, folder) = (Served::start(), empty());
    let client = "clients:\n  short_lived: { client_id: brief, redirect_uris: \
                  [\"http://127.0.0.1:39417/callback\"] }\n";
    write(&folder, "target.yaml", &target(&served, client));
    let expired = ["--check", "resource/tokens/expired"];
    say(&folder, &[&["run", "target.yaml"], &expired[..]].concat())
        .ends_with(0)
        .prints("untested")
        .prints("add to the target file: `limits.longest_wait` above\n  `limits.token_leeway`");
}

#[test]
fn a_token_that_the_server_does_not_take_is_what_the_mend_is_about() {
    let (served, folder) = (Served::start(), empty());
    let file = format!(
        "mcp_server: {}\naccess_tokens: {{ first: {{ value: not-a-token-of-this-server }} }}\n\
         scopes: [\"mcp:tools:weather\"]\noperations:\n  weather: {{ scopes: [\"mcp:tools:weather\"], call: {{ tool: {{ name: \
         get_weather, arguments: {{ city: Lisbon }} }} }} }}\n",
        served.mcp
    );
    write(&folder, "target.yaml", &file);
    say(&folder, &["doctor", "target.yaml"])
        .ends_with(3)
        .prints("mend: the server does not take the token: give one under `access_tokens`");
}

#[test]
fn a_client_without_a_scope_is_updated_without_one() {
    let (served, folder) = (Served::start(), empty());
    let file = format!(
        "authorization_server: {}\nusers: {{ first: {{ username: alice, password: {{ value: \
         wonderland-7 }} }} }}\n",
        served.issuer
    );
    write(&folder, "target.yaml", &file);
    let updates = ["--check", "registration/management/update-replaces"];
    say(&folder, &[&["run", "target.yaml"], &updates[..]].concat())
        .ends_with(0)
        .prints("1 passed");
}
