//! The reference authorization server over real HTTP: the honest way, the refusals, and two
//! requests at once.

mod browser;
mod client;
mod decisions;
mod documents;
mod effects;
mod honest;
mod policies;
mod refusals;
mod together;

/// A client that follows nothing and remembers nothing.
fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("an HTTP client")
}
