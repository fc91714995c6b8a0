//! A real browser for the tests: chromium, headless, spoken to through its DevTools pipe.
//!
//! The pipe (file descriptors 3 and 4) needs no port and no WebSocket; the shell connects it to the child's standard
//! input and output. Calls block with a limit; a missing chromium is a failure that says what to install.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Flags that keep it from calling home and from touching anything outside its own folder.
const FLAGS: &str = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
                     --disable-component-update --disable-sync --hide-scrollbars --remote-debugging-pipe";

/// A running browser with one page.
pub struct Chromium {
    child: Child,
    to_browser: ChildStdin,
    from_browser: Receiver<Value>,
    session: String,
    calls: u64,
    complaints: VecDeque<String>,
    /// Addresses asked for since they were last looked at.
    asked: VecDeque<String>,
    _profile: TempDir,
}

/// How the page is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// CSS pixels.
    pub width: u32,
    /// CSS pixels.
    pub height: u32,
    /// Whether the person prefers dark.
    pub is_dark: bool,
}

impl Chromium {
    /// Starts chromium with an empty profile and opens an empty page.
    ///
    /// # Errors
    /// When chromium is not installed or does not answer.
    pub fn start() -> Result<Self> {
        let profile = tempfile::tempdir()?;
        let script =
            format!("exec chromium {FLAGS} --user-data-dir=\"$1\" 3<&0 4>&1 </dev/null >/dev/null 2>&1");
        let mut child = Command::new("sh")
            .args(["-c", &script, "sh"])
            .arg(profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let to_browser = child.stdin.take().context("stdin is piped")?;
        let from = child.stdout.take().context("stdout is piped")?;
        let from_browser = read_messages(from);
        let mut browser = Self {
            child,
            to_browser,
            from_browser,
            session: String::new(),
            calls: 0,
            complaints: VecDeque::new(),
            asked: VecDeque::new(),
            _profile: profile,
        };
        browser
            .attach()
            .context("chromium does not answer; install it with `apt-get install chromium`")?;
        Ok(browser)
    }

    fn attach(&mut self) -> Result<()> {
        let target = self.call("Target.createTarget", &json!({ "url": "about:blank" }))?;
        let attached = self.call(
            "Target.attachToTarget",
            &json!({ "targetId": target["targetId"], "flatten": true }),
        )?;
        self.session = attached["sessionId"].as_str().context("a session id")?.to_owned();
        for domain in ["Page.enable", "Runtime.enable", "Log.enable", "Network.enable"] {
            self.call(domain, &json!({}))?;
        }
        Ok(())
    }

    /// One DevTools call, answered.
    ///
    /// # Errors
    /// When the browser refuses it or does not answer in time.
    pub fn call(&mut self, method: &str, params: &Value) -> Result<Value> {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": params });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        let mut bytes = serde_json::to_vec(&message)?;
        bytes.push(0);
        self.to_browser.write_all(&bytes)?;
        self.to_browser.flush()?;
        loop {
            let heard = match self.from_browser.recv_timeout(ANSWER_WITHIN) {
                Ok(heard) => heard,
                Err(RecvTimeoutError::Timeout) => bail!("{method}: no answer in {ANSWER_WITHIN:?}"),
                Err(RecvTimeoutError::Disconnected) => bail!("{method}: the browser is gone"),
            };
            if heard["id"] == json!(self.calls) {
                if let Some(error) = heard.get("error") {
                    bail!("{method}: {error}");
                }
                return Ok(heard["result"].clone());
            }
            self.note(&heard);
        }
    }

    /// Keeps what a person would see in red in the console.
    fn note(&mut self, event: &Value) {
        let params = &event["params"];
        let complaint = match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => params["exceptionDetails"].to_string(),
            Some("Log.entryAdded") if params["entry"]["level"] == "error" => params["entry"].to_string(),
            Some("Runtime.consoleAPICalled") if params["type"] == "error" => params["args"].to_string(),
            // a page that is left cancels its event stream
            Some("Network.loadingFailed") if params["canceled"] != true => params.to_string(),
            Some("Network.responseReceived") if params["response"]["status"].as_u64() >= Some(400) => {
                format!(
                    "{} answers {}",
                    params["response"]["url"], params["response"]["status"]
                )
            }
            Some("Network.requestWillBeSent") => {
                let url = params["request"]["url"].as_str().unwrap_or_default();
                self.asked.push_back(url.to_owned());
                return;
            }
            _ => return,
        };
        self.complaints.push_back(complaint);
    }

    /// What the console complained of so far; asking empties it.
    pub fn complaints(&mut self) -> Vec<String> {
        // any call collects the events that came before its answer
        let _ = self.evaluate("0");
        self.complaints.drain(..).collect()
    }

    /// Addresses outside of a server that were asked for so far; asking empties it.
    pub fn outside(&mut self, server: &str) -> Vec<String> {
        let _ = self.evaluate("0");
        let asked = self.asked.drain(..);
        asked
            .map(|url| without_login(&url))
            .filter(|url| !url.starts_with(server) && !url.starts_with("about:") && !url.starts_with("data:"))
            .collect()
    }

    /// Presses a key, as a person does.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn press(&mut self, key: &str) -> Result<()> {
        let text = if key == "Enter" { "\r" } else { "" };
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            _ => 0,
        };
        for kind in ["keyDown", "keyUp"] {
            let event =
                json!({ "type": kind, "key": key, "code": key, "text": text, "windowsVirtualKeyCode": code });
            self.call("Input.dispatchKeyEvent", &event)?;
        }
        Ok(())
    }

    /// Sets size and scheme.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn look_through(&mut self, screen: Screen) -> Result<()> {
        let scheme = if screen.is_dark { "dark" } else { "light" };
        self.call(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": screen.width, "height": screen.height, "deviceScaleFactor": 1,
                     "mobile": screen.width < 600 }),
        )?;
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", &json!({ "features": features }))?;
        Ok(())
    }

    /// Opens an address and waits until it is loaded.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(&mut self, url: &str) -> Result<()> {
        let opened = self.call("Page.navigate", &json!({ "url": url }))?;
        if let Some(error) = opened["errorText"].as_str() {
            bail!("{url}: {error}");
        }
        self.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'")
    }

    /// The value of an expression in the page.
    ///
    /// # Errors
    /// When it throws.
    pub fn evaluate(&mut self, expression: &str) -> Result<Value> {
        let answer = self.call(
            "Runtime.evaluate",
            &json!({ "expression": expression, "returnByValue": true, "awaitPromise": true }),
        )?;
        if let Some(thrown) = answer.get("exceptionDetails") {
            bail!("{expression}: {thrown}");
        }
        Ok(answer["result"]["value"].clone())
    }

    /// Waits until an expression is true; the page itself looks every frame.
    ///
    /// # Errors
    /// When it is not within twenty seconds.
    pub fn wait_for(&mut self, expression: &str) -> Result<()> {
        let watch = format!(
            "new Promise((done) => {{ const end = performance.now() + 20000;
               (function look() {{ if ({expression}) done(true);
                 else if (performance.now() > end) done(false); else setTimeout(look, 20); }})(); }})"
        );
        // a navigation may tear the first look down
        for _ in 0..3 {
            match self.evaluate(&watch) {
                Ok(Value::Bool(true)) => return Ok(()),
                Ok(_) => bail!("never true: {expression}"),
                Err(_) => {}
            }
        }
        Err(anyhow!("cannot be looked at: {expression}"))
    }

    /// Writes what is seen as a PNG; `is_whole` takes the page below the fold, too.
    ///
    /// # Errors
    /// When it cannot be taken or written.
    pub fn screenshot(&mut self, path: &Path, is_whole: bool) -> Result<()> {
        let shot = self.call(
            "Page.captureScreenshot",
            &json!({ "format": "png", "captureBeyondViewport": is_whole }),
        )?;
        let text = shot["data"].as_str().context("image data")?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, from_base64(text).context("base64")?)?;
        Ok(())
    }
}

/// An address without user and password: the browser asks for an icon with those that it opened the page with.
fn without_login(url: &str) -> String {
    match url
        .split_once("://")
        .map(|(scheme, rest)| (scheme, rest.split_once('@')))
    {
        Some((scheme, Some((login, rest)))) if !login.contains('/') => format!("{scheme}://{rest}"),
        _ => url.to_owned(),
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        self.session.clear();
        if self.call("Browser.close", &json!({})).is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// DevTools messages end with a zero byte; a thread reads them so that waiting can have a limit.
fn read_messages(from: impl std::io::Read + Send + 'static) -> Receiver<Value> {
    let (sender, receiver) = sync_channel(10_000);
    std::thread::spawn(move || {
        let mut reader = BufReader::new(from);
        let mut bytes = Vec::new();
        while reader.read_until(0, &mut bytes).is_ok_and(|read| read > 0) {
            bytes.pop();
            let is_heard =
                serde_json::from_slice(&bytes).is_ok_and(|message: Value| sender.send(message).is_ok());
            bytes.clear();
            if !is_heard {
                break;
            }
        }
    });
    receiver
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let (mut bytes, mut bits, mut held) = (Vec::with_capacity(text.len() * 3 / 4), 0_u32, 0_u32);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        held = (held << 6) | u32::from(value(byte)?);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_no_part_of_where_an_address_leads() {
        let inside = "http://127.0.0.1:1/icon.svg";
        assert_eq!(without_login("http://who:secret@127.0.0.1:1/icon.svg"), inside);
        assert_eq!(without_login(inside), inside);
        let outside = "http://127.0.0.1:1/at?who=a@b";
        assert_eq!(without_login(outside), outside);
    }

    #[test]
    fn base64_comes_back() {
        assert_eq!(from_base64("aWRsZXdhdHQ=").as_deref(), Some(&b"idlewatt"[..]));
        assert_eq!(from_base64("*"), None);
    }
}
