//! A scripted HTTP server for tests: does what no real database can be made to do on command.

use std::io::Read as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What to do with a request.
pub(crate) enum Step {
    /// Answer with status, further header lines, body.
    Answer(u16, &'static str, String),
    /// Answer 204 after so long.
    Slow(Duration),
    /// Never answer.
    Stuck,
    /// Close the connection without a word.
    Reset,
    /// Say this, byte by byte with such pauses, then wait for ever.
    Trickle(&'static str, Duration),
    /// Say this and close the connection.
    Torn(&'static str),
}

impl Step {
    pub(crate) fn taken() -> Self {
        Self::Answer(204, "", String::new())
    }

    pub(crate) fn error(status: u16, body: &str) -> Self {
        Self::Answer(status, "", body.to_owned())
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) packed: Vec<u8>,
    pub(crate) lines: Vec<String>,
}

type Script = Box<dyn FnMut(usize, &Request) -> Step + Send>;

/// A server on a port of the kernel's choice.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// `script` gets the number of the request, from 0, and the request.
    pub(crate) async fn start(script: impl FnMut(usize, &Request) -> Step + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(Box::new(script)));
        let kept = requests.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script.clone(), kept.clone()));
            }
        });
        Self { address, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Mutex<Script>>, requests: Arc<Mutex<Vec<Request>>>) {
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer).await {
        let step = {
            let mut requests = requests.lock().unwrap();
            requests.push(request.clone());
            (script.lock().unwrap())(requests.len() - 1, &request)
        };
        let (status, headers, body) = match step {
            Step::Answer(status, headers, body) => (status, headers, body),
            Step::Slow(pause) => {
                tokio::time::sleep(pause).await;
                (204, "", String::new())
            }
            Step::Stuck => return std::future::pending().await,
            Step::Reset => return,
            Step::Trickle(text, pause) => return trickle(stream, text, pause).await,
            Step::Torn(text) => {
                let _ = stream.write_all(text.as_bytes()).await;
                return;
            }
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 {status} Words\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn trickle(mut stream: TcpStream, text: &str, pause: Duration) {
    for byte in text.bytes() {
        if stream.write_all(&[byte]).await.is_err() {
            return;
        }
        tokio::time::sleep(pause).await;
    }
    std::future::pending::<()>().await;
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Request> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer.drain(..end).collect()).unwrap();
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length: ")?
                .trim()
                .parse::<usize>()
                .ok()
        })
        .unwrap_or(0);
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let packed: Vec<u8> = buffer.drain(..length).collect();
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    Some(Request {
        head,
        packed,
        lines: text.lines().map(str::to_owned).collect(),
    })
}
