//! The process: where it is, how it starts, how it ends.

use std::path::Path;
use std::time::Duration;

use chromiumoxide::browser::{Browser, BrowserConfig};
use futures_util::StreamExt as _;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::target::BrowserDriver;

/// Nobody listens there: what Chromium would fetch by itself goes nowhere.
const NOWHERE: &str = "http://127.0.0.1:9";

/// A running Chromium.
pub(super) struct Chromium {
    pub browser: Browser,
    events: JoinHandle<()>,
    _profile: TempDir,
}

impl Chromium {
    pub async fn start(driver: &BrowserDriver, base: &Path) -> Result<Self, String> {
        let path = driver
            .executable(base)
            .ok_or("there is no Chromium on this machine")?;
        let profile =
            tempfile::tempdir().map_err(|cause| format!("no folder for Chromium: {cause}"))?;
        let mut config = BrowserConfig::builder()
            .chrome_executable(&path)
            .user_data_dir(profile.path())
            .new_headless_mode()
            .launch_timeout(Duration::from_secs(60))
            .request_timeout(Duration::from_secs(60))
            .args([
                "disable-gpu",
                "disable-quic",
                "no-first-run",
                "disable-background-networking",
                "disable-component-update",
                "disable-sync",
                "disable-site-isolation-trials",
            ])
            .arg((
                "disable-features",
                "IsolateOrigins,site-per-process,HttpsUpgrades",
            ))
            .arg(("proxy-server", NOWHERE))
            .arg(("proxy-bypass-list", "<-loopback>"));
        #[cfg(unix)]
        if rustix::process::geteuid().is_root() {
            config = config.no_sandbox();
        }
        let config = config
            .build()
            .map_err(|cause| format!("Chromium: {cause}"))?;
        let (browser, mut handler) = Browser::launch(config)
            .await
            .map_err(|cause| format!("{} does not start: {cause}", path.display()))?;
        // A message of a newer protocol that does not parse is no reason to stop listening.
        let events = tokio::spawn(async move { while handler.next().await.is_some() {} });
        Ok(Self {
            browser,
            events,
            _profile: profile,
        })
    }

    pub fn is_alive(&self) -> bool {
        !self.events.is_finished()
    }

    pub async fn close(mut self) {
        let closing = async {
            let _ = self.browser.close().await;
            let _ = self.browser.wait().await;
        };
        if tokio::time::timeout(Duration::from_secs(5), closing)
            .await
            .is_err()
        {
            let _ = self.browser.kill().await;
        }
        self.events.abort();
    }
}
