//! Downloads from a server on this machine that cuts, stalls and lies.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::download::{Downloader, Patience, sha256};
use super::fill;
use super::mirror::Mirrors;
use super::set::Download;
use super::{Store, StoreError, catalogue};

/// What the server does with one request.
#[derive(Debug, Clone)]
enum Deed {
    /// Sends what was asked for, a part of it if a part was.
    Serve,
    /// Announces all and closes the connection after so many bytes.
    Cut(usize),
    /// Announces all and falls silent after so many bytes.
    Stall(usize),
    /// Sends the whole file whatever part was asked for.
    Whole,
    /// Claims to send the part that was asked for and sends another.
    WrongPart,
    /// Answers with this status and no file.
    Status(u16),
    /// Closes the connection without a word.
    Silence,
}

/// A file on a server.
#[derive(Debug, Clone)]
struct Served {
    content: Vec<u8>,
    tag: &'static str,
}

/// A server that does one deed after the other, the last for ever.
struct Server {
    address: String,
    /// The `Range` of every request.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(files: Vec<Served>, deeds: Vec<Deed>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        thread::spawn(move || {
            for (index, stream) in listener.incoming().enumerate() {
                let (file, deed) = (&files[index.min(files.len() - 1)], &deeds[index.min(deeds.len() - 1)]);
                let range = range(&stream.as_ref().unwrap().try_clone().unwrap());
                heard.lock().unwrap().push(range.clone());
                let (file, deed) = (file.clone(), deed.clone());
                // One that is silent does not keep the others waiting; the client may go away at any moment.
                thread::spawn(move || drop(answer(stream.unwrap(), &file, &deed, &range)));
            }
        });
        Self { address, asked }
    }

    fn wanted(&self, sha256: Option<String>) -> Download {
        Download { url: format!("{}/file", self.address), sha256 }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// The `Range` of a request, which is read to its end.
fn range(stream: &TcpStream) -> String {
    let lines = BufReader::new(stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let range = lines.filter_map(|line| line.to_lowercase().strip_prefix("range: ").map(str::to_owned)).last();
    range.unwrap_or_default()
}

fn answer(mut stream: TcpStream, file: &Served, deed: &Deed, range: &str) -> std::io::Result<()> {
    let start: usize = range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap_or(0);
    let whole = &file.content;
    let start = if matches!(deed, Deed::Whole) { 0 } else { start };
    let body = &whole[start.min(whole.len())..];
    let head = |status: &str, start: usize| {
        let part = format!("Content-Range: bytes {start}-{}/{}\r\n", whole.len() - 1, whole.len());
        let part = if start > 0 { part.as_str() } else { "" };
        let (tag, length) = (file.tag, body.len());
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nETag: {tag}\r\nConnection: close\r\n{part}\r\n")
    };
    let found = if start > 0 { head("206 Partial Content", start) } else { head("200 OK", 0) };
    match deed {
        Deed::Serve | Deed::Whole => {
            stream.write_all(found.as_bytes())?;
            stream.write_all(body)
        }
        Deed::Cut(count) | Deed::Stall(count) => {
            stream.write_all(found.as_bytes())?;
            stream.write_all(&body[..*count])?;
            if matches!(deed, Deed::Stall(_)) {
                thread::sleep(Duration::from_secs(5));
            }
            Ok(())
        }
        Deed::WrongPart => {
            stream.write_all(head("206 Partial Content", start + 1).as_bytes())?;
            stream.write_all(body)
        }
        Deed::Status(status) => {
            write!(stream, "HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        Deed::Silence => Ok(()),
    }
}

fn content() -> Vec<u8> {
    (0..200_000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

fn served(content: Vec<u8>) -> Vec<Served> {
    vec![Served { content, tag: "\"one\"" }]
}

const PATIENCE: Patience =
    Patience { request: Duration::from_millis(1500), attempts: 3, pause: Duration::from_millis(10) };

fn fetch(folder: &Path, wanted: &Download) -> Result<Vec<u8>, StoreError> {
    let mut note = |_: &str| ();
    let path = Downloader::new(folder, PATIENCE, &mut note).fetch(wanted)?;
    Ok(fs::read(path).unwrap())
}

#[test]
fn what_was_cut_or_stalled_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(
        served(content()),
        vec![Deed::Cut(70_000), Deed::Silence, Deed::Status(503), Deed::Stall(50_000), Deed::Serve],
    );
    assert_eq!(fetch(folder.path(), &server.wanted(None)).unwrap(), content());
    assert_eq!(server.asked(), ["", "bytes=70000-", "bytes=70000-", "bytes=70000-", "bytes=120000-"]);
}

#[test]
fn another_process_goes_on_too() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(
        served(content()),
        vec![Deed::Cut(70_000), Deed::Silence, Deed::Silence, Deed::Silence, Deed::Serve],
    );
    let error = fetch(folder.path(), &server.wanted(None)).unwrap_err();
    let StoreError::Network { kept, .. } = error else { panic!("{error}") };
    assert_eq!(kept, 70_000);
    assert_eq!(fetch(folder.path(), &server.wanted(None)).unwrap(), content());
    assert_eq!(server.asked().last().unwrap(), "bytes=70000-");
}

#[test]
fn a_server_that_cannot_go_on_is_listened_to_from_the_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(served(content()), vec![Deed::Cut(70_000), Deed::Whole]);
    assert_eq!(fetch(folder.path(), &server.wanted(None)).unwrap(), content());
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(served(content()), vec![Deed::Cut(70_000), Deed::WrongPart, Deed::Serve]);
    assert_eq!(fetch(folder.path(), &server.wanted(None)).unwrap(), content());
    assert_eq!(server.asked(), ["", "bytes=70000-", ""]);
}

#[test]
fn a_lie_is_found_out_by_the_checksum_and_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let truth = folder.path().join("truth");
    fs::write(&truth, content()).unwrap();
    let expected = sha256(&truth).unwrap();
    let mut lie = content();
    lie[77] ^= 1;
    let files = vec![Served { content: lie, tag: "\"lie\"" }, Served { content: content(), tag: "\"one\"" }];
    let server = Server::start(files, vec![Deed::Serve]);
    let wanted = server.wanted(Some(expected));
    let error = fetch(folder.path(), &wanted).unwrap_err();
    assert!(matches!(error, StoreError::Checksum { .. }), "{error}");
    assert_eq!(fetch(folder.path(), &wanted).unwrap(), content());
    assert_eq!(server.asked(), ["", ""]);
}

#[test]
fn a_file_that_is_not_there_is_not_asked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(served(content()), vec![Deed::Status(404)]);
    let error = fetch(folder.path(), &server.wanted(None)).unwrap_err();
    assert_eq!(error.to_string(), format!("the server answers 404 to {}/file", server.address));
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn without_a_server_the_error_says_so() {
    let folder = tempfile::tempdir().unwrap();
    // A port that was free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let wanted = Download { url: format!("http://{address}/file"), sha256: None };
    let error = fetch(folder.path(), &wanted).unwrap_err();
    assert!(matches!(error, StoreError::Network { kept: 0, .. }), "{error}");
}

#[test]
fn a_set_is_downloaded_once_however_many_ask() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Some(folder.path())).unwrap();
    let line = |idx: u32| {
        format!("{{\"premise\": \"A\", \"hypothesis\": \"B\", \"label\": \"entailment\", \"idx\": {idx}}}\n")
    };
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in ["RTE/train.jsonl", "RTE/val.jsonl", "RTE/test.jsonl"] {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all((0..20).map(line).collect::<String>().as_bytes()).unwrap();
    }
    let archive = archive.finish().unwrap().into_inner();
    let server = Server::start(served(archive), vec![Deed::Cut(100), Deed::Serve]);
    let set = catalogue::sets().into_iter().find(|set| set.name == "rte").unwrap();
    let mirrors = Mirrors::new(&[format!("https://dl.fbaipublicfiles.com={}", server.address)], None).unwrap();
    let downloads = mirrors.downloads(&set);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let record = fill::get(&store, &set, &downloads, PATIENCE, &mut |_| ()).unwrap();
                assert_eq!(record.files["train.jsonl"].examples, 20);
            });
        }
    });
    assert_eq!(server.asked(), ["", "bytes=100-"]);
    assert_eq!(fs::read_dir(store.layout().partial()).unwrap().count(), 0);
}

#[test]
fn what_is_no_archive_is_named_by_its_address() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Some(folder.path())).unwrap();
    let server = Server::start(served(b"<html>Sign in</html>".to_vec()), vec![Deed::Serve]);
    let url = format!("{}/v2/COPA.zip", server.address);
    let downloads = [Download { url: url.clone(), sha256: None }];
    let set = catalogue::sets().into_iter().find(|set| set.name == "copa").unwrap();
    let error = fill::get(&store, &set, &downloads, PATIENCE, &mut |_| ()).unwrap_err();
    let reason = "it is not a whole archive: it does not begin as what its name says";
    assert_eq!(error.to_string(), format!("what came from {url} is of no use: {reason}"));
    assert_eq!(fs::read_dir(store.layout().partial()).unwrap().count(), 0);
}
