//! Whether the setup of a site's jobs works: the files that are read first, and the modules.

use slurm::client::{Client, ClientError};
use slurm::parse::QueryError;

use super::Finding;
use crate::cluster::site::Site;

/// Carries the setup out where commands are given, which a site sets up as it does its nodes. Nothing is said where
/// there is none.
pub(super) fn examine(site: &Site, client: &Client) -> Option<Finding> {
    let environment = &site.environment;
    if environment.source.is_empty() && environment.modules.is_empty() {
        return None;
    }
    let setup = match environment.trial() {
        Ok(setup) => setup,
        Err(error) => return Some(Finding::bad("setup", error.to_string())),
    };
    let words: Vec<&str> = ["-c", "exec \"$@\"", "sh"].into_iter().chain(setup.iter().map(String::as_str)).collect();
    let place = client.place();
    Some(match client.shell(&words) {
        Ok(_) => Finding::good("setup", format!("the files to source and the modules are there {place}")),
        Err(ClientError::Query(QueryError::Failed { stderr, .. })) => {
            let said = stderr.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("without a word");
            let words = format!("it fails {place}: {said}: set environment.source and environment.modules right");
            Finding::bad("setup", words)
        }
        Err(error) => Finding::doubtful("setup", error.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use slurm::script::Environment;
    use slurm::transport::Local;

    use super::super::Verdict::{Bad, Good};
    use super::*;

    #[test]
    fn a_file_or_a_module_that_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let modules = folder.path().join("it's modules.sh");
        std::fs::write(&modules, "module() { [ \"$2\" != cuda/99 ] || { echo no cuda/99 >&2; return 1; }; }\n")
            .unwrap();
        let examined = |source: &str, module: &str| {
            let environment = Environment {
                source: vec![source.parse().unwrap()],
                modules: vec![module.parse().unwrap()],
                ..Environment::default()
            };
            examine(&Site { environment, ..Site::default() }, &Client::new(Local)).unwrap()
        };
        let modules = modules.to_str().unwrap();
        assert_eq!(examined(modules, "cuda/12").verdict, Good);
        let missing = examined(modules, "cuda/99");
        assert!(missing.verdict == Bad && missing.words.contains("no cuda/99"), "{missing:?}");
        let missing = examined("/no/such/file", "cuda/12");
        assert!(missing.verdict == Bad && missing.words.contains("/no/such/file"), "{missing:?}");
        assert!(examine(&Site::default(), &Client::new(Local)).is_none());
    }
}
