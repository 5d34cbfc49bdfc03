//! Whether a site can carry out a sweep: what is asked before the first submission, and what to do where something is
//! amiss.
//!
//! Each subject has a file: [`reach`] (the connection, the commands, files there), [`controller`] (its settings),
//! [`rights`] (accounts and limits), [`partition`] (nodes), [`setup`] (files to source, modules).

mod controller;
mod partition;
mod reach;
mod rights;
mod setup;

use slurm::client::Client;

use super::site::Site;

/// How good a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Runs will be carried out, but something may take longer or need a hand.
    Doubtful,
    /// Nothing can be submitted.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub what: &'static str,
    /// How good it is.
    pub verdict: Verdict,
    /// What was found and, if it is not good, what to do.
    pub words: String,
}

impl Finding {
    fn good(what: &'static str, words: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Good, words: words.into() }
    }

    fn doubtful(what: &'static str, words: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Doubtful, words: words.into() }
    }

    fn bad(what: &'static str, words: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Bad, words: words.into() }
    }
}

/// Looks at everything that a submission to `site` needs, as far as one thing lets the next be looked at.
pub fn examine(site: &Site, client: &Client) -> Vec<Finding> {
    let (user, mut findings) = match reach::connection(site, client) {
        Ok((user, finding)) => (user, vec![finding]),
        Err(finding) => return vec![finding],
    };
    findings.push(reach::commands(client));
    findings.extend(reach::files(site, client));
    findings.extend(setup::examine(site, client));
    let configuration = match client.configuration() {
        Ok(configuration) => configuration,
        Err(error) => {
            let words = format!("{error}; nothing can be submitted until it answers");
            findings.push(Finding::bad("controller", words));
            return findings;
        }
    };
    findings.extend(controller::examine(&configuration));
    findings.extend(rights::examine(site, client, &configuration, &user));
    match client.nodes() {
        Ok(nodes) => findings.extend(partition::examine(site, &nodes)),
        Err(error) => findings.push(Finding::doubtful("nodes", error.to_string())),
    }
    findings
}
