//! A real browser without a network, driven over Chromium's own pipe.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// A command that takes longer has hung.
const PATIENCE: Duration = Duration::from_mins(1);

/// How a page is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Width of the window in pixels.
    pub width: u32,
    /// Whether the reader prefers a dark scheme.
    pub dark: bool,
    /// Whether it is laid out for paper.
    pub print: bool,
}

/// One page of a Chromium of its own; it ends with this.
#[derive(Debug)]
pub struct Browser {
    process: Child,
    orders: ChildStdin,
    answers: Receiver<Value>,
    session: String,
    count: u64,
    events: Vec<Value>,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts one with an empty page.
    ///
    /// # Panics
    /// When Chromium is not there: `cargo verify` installs it.
    pub fn start() -> Self {
        let profile = tempfile::tempdir().expect("a temporary folder can be made");
        let flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
                     --disable-component-update --disable-sync --remote-debugging-pipe";
        // The pipe is the descriptors 3 and 4.
        let mut process = Command::new("sh")
            .args([
                "-c",
                &format!("exec chromium {flags} --user-data-dir=\"$0\" about:blank 3<&0 4>&1 1>/dev/null 2>&1"),
            ])
            .arg(profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let orders = process.stdin.take().expect("it is piped");
        let mut pipe = BufReader::new(process.stdout.take().expect("it is piped"));
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            let mut message = Vec::new();
            while pipe.read_until(0, &mut message).is_ok_and(|read| read > 0) {
                message.pop();
                let Ok(value) = serde_json::from_slice(&message) else { return };
                if sender.send(value).is_err() {
                    return;
                }
                message.clear();
            }
        });
        let mut browser =
            Self { process, orders, answers, session: String::new(), count: 0, events: Vec::new(), _profile: profile };
        let target = browser.order("Target.createTarget", &json!({ "url": "about:blank" }))["targetId"].clone();
        let attached = browser.order("Target.attachToTarget", &json!({ "targetId": target, "flatten": true }));
        attached["sessionId"].as_str().expect("a session has a name").clone_into(&mut browser.session);
        for domain in ["Page", "Runtime", "Network", "Log", "Accessibility"] {
            browser.order(&format!("{domain}.enable"), &json!({}));
        }
        browser
    }

    /// Opens a file and waits until it is laid out.
    pub fn open(&mut self, page: &Path, look: Look) {
        self.look(look);
        self.events.clear();
        self.order("Page.navigate", &json!({ "url": format!("file://{}", page.display()) }));
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.answers.recv_timeout(PATIENCE).expect("the page loads");
            self.events.push(event);
        }
    }

    /// Looks at the open page otherwise.
    pub fn look(&mut self, Look { width, dark, print }: Look) {
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.order("Emulation.setDeviceMetricsOverride", &size);
        let scheme = json!({ "name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" } });
        // What scrolls smoothly is not yet where it will be.
        let still = json!({ "name": "prefers-reduced-motion", "value": "reduce" });
        let media = json!({ "media": if print { "print" } else { "screen" }, "features": [scheme, still] });
        self.order("Emulation.setEmulatedMedia", &media);
    }

    /// What an expression is in the page; a promise is awaited.
    ///
    /// # Panics
    /// When it throws.
    pub fn ask(&mut self, expression: &str) -> Value {
        let order = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let found = self.order("Runtime.evaluate", &order);
        assert!(found.get("exceptionDetails").is_none(), "{expression}\n{}", found["exceptionDetails"]);
        found["result"]["value"].clone()
    }

    /// What an expression lists, each as text.
    pub fn list(&mut self, expression: &str) -> Vec<String> {
        let found = self.ask(expression);
        let entries = found.as_array().unwrap_or_else(|| panic!("{expression} is no list but {found}"));
        entries.iter().map(|entry| entry.as_str().map_or_else(|| entry.to_string(), str::to_owned)).collect()
    }

    /// Presses a key: `Tab`, `Enter`, ` `.
    pub fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            _ => (32, " "),
        };
        let down = json!({ "type": "keyDown", "key": key, "text": text, "windowsVirtualKeyCode": code });
        self.order("Input.dispatchKeyEvent", &down);
        self.order("Input.dispatchKeyEvent", &json!({ "type": "keyUp", "key": key, "windowsVirtualKeyCode": code }));
    }

    /// What assistive software is told: every node that is not ignored, with its role, name and description.
    pub fn nodes(&mut self) -> Vec<Node> {
        let tree = self.order("Accessibility.getFullAXTree", &json!({}));
        let nodes = tree["nodes"].as_array().expect("a tree has nodes").iter();
        let text = |node: &Value, key: &str| node[key]["value"].as_str().unwrap_or_default().to_owned();
        nodes
            .filter(|node| node["ignored"] == false)
            .map(|node| Node {
                role: text(node, "role"),
                name: text(node, "name"),
                description: text(node, "description"),
                level: node["properties"]
                    .as_array()
                    .and_then(|all| all.iter().find(|one| one["name"] == "level"))
                    .and_then(|level| level["value"]["value"].as_u64()),
            })
            .collect()
    }

    /// The page as PDF on A4, in base 64.
    pub fn pdf(&mut self) -> String {
        let paper = json!({ "paperWidth": 8.27, "paperHeight": 11.69, "printBackground": true });
        self.order("Page.printToPDF", &paper)["data"].as_str().expect("a PDF is text in base 64").to_owned()
    }

    /// Everything that the page has asked for since it was opened.
    pub fn requests(&self) -> BTreeSet<String> {
        let asked = self.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        asked.map(|event| event["params"]["request"]["url"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// What the page has complained about since it was opened: exceptions, and entries of the console and of the log.
    pub fn complaints(&self) -> Vec<String> {
        let methods = ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"];
        let found = self.events.iter().filter(|event| methods.iter().any(|method| event["method"] == *method));
        found.map(|event| event["params"].to_string()).collect()
    }

    fn order(&mut self, method: &str, parameters: &Value) -> Value {
        self.count += 1;
        let mut message = json!({ "id": self.count, "method": method, "params": parameters });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.orders.write_all(&bytes).expect("chromium listens; `cargo verify` installs it");
        loop {
            let answer = self.answers.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{method}: {error}"));
            if answer["id"] == self.count {
                assert!(answer.get("error").is_none(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
            self.events.push(answer);
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have gone already; nothing can be done here about one that has not.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What assistive software is told of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its role.
    pub role: String,
    /// Its name.
    pub name: String,
    /// What is said besides.
    pub description: String,
    /// Of a heading, its level.
    pub level: Option<u64>,
}
