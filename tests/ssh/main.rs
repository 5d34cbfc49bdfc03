//! Both ways over ssh, against a real server: who is trusted, what comes through, and what is known when the line
//! breaks.

#![expect(clippy::unwrap_used, reason = "everything here is a test")]

mod commands;
mod trust;

use std::time::Duration;

use slurm::transport::ssh::{Access, Library, NoAnswers, OpenSsh, Questions};
use slurm::transport::{Errand, Transport};
use sshd::Server;

/// A machine that the client's file of `server` knows by this name.
fn access(server: &Server, name: &str) -> Access {
    Access { host: name.parse().unwrap(), config: Some(server.config()) }
}

/// The way that this program walks by itself.
fn library(server: &Server, name: &str) -> Library {
    Library::new(access(server, name), Box::new(NoAnswers))
}

/// Somebody who gives the same answer to everything.
#[derive(Debug)]
struct Parrot(&'static str);

impl Questions for Parrot {
    fn ask(&self, _: &str, _: bool) -> Option<String> {
        Some(self.0.to_owned())
    }
}

/// Both ways, by name.
fn both(server: &Server, name: &str) -> [(&'static str, Box<dyn Transport>); 2] {
    [("library", Box::new(library(server, name))), ("ssh", Box::new(OpenSsh::new(access(server, name))))]
}

fn shell(script: &str, input: &str) -> Errand {
    let arguments = vec!["-c".to_owned(), script.to_owned()];
    Errand { program: "sh", arguments, input: input.to_owned(), patience: Duration::from_secs(30) }
}

/// An error with all its causes.
fn words(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
