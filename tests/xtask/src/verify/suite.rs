//! The suites, and how one is run.
//!
//! Everything is compiled in one profile, release: each crate is compiled once, and the numeric tests are fast.

use super::tally::Tally;
use crate::failure::Outcome;
use crate::workspace::Workspace;
use crate::{apptainer, cluster, compiler, libtorch, packages, stream, transformers};

/// The packages that are built without libtorch.
const LIGHT: [&str; 6] = ["spec", "slurm", "analysis", "launcher", "stories", "xtask"];
/// The packages that are built with it.
const HEAVY: [&str; 2] = ["native", "trainer"];
/// The binaries that the end-to-end tests start.
const BINARIES: [&str; 2] = ["launcher", "trainer"];

/// The Debian packages of a site that is reached over ssh, by keys and by tickets, and of the tests that watch its processes.
const SSH: [&str; 6] = ["openssh-server", "openssh-client", "procps", "krb5-kdc", "krb5-admin-server", "krb5-user"];

/// A number of tests that are run together.
#[derive(Debug)]
pub(super) struct Suite {
    /// Its name on the command line and in the table.
    pub(super) name: &'static str,
    /// What it tests.
    pub(super) meaning: &'static str,
    /// Whether `--quick` runs it.
    pub(super) quick: bool,
    needs: &'static [Need],
    steps: &'static [Step],
}

/// What a suite needs of the machine.
#[derive(Debug)]
enum Need {
    /// libtorch and a C++ compiler.
    Libtorch,
    /// A browser for the report.
    Chromium,
    /// Two versions of Hugging Face's transformers, and a torch for them.
    Transformers,
    /// Slurm with accounts, an ssh server, and where it can be had a container runtime.
    Slurm,
}

/// A part of a suite.
#[derive(Debug)]
enum Step {
    /// A cargo command on packages, which succeeds or not.
    Check { arguments: &'static [&'static str], packages: &'static [&'static str], last: &'static [&'static str] },
    /// `cargo build` as on a login node: where libtorch is said to be, there is nothing.
    PlainBuild,
    /// The tests of packages.
    Tests { packages: &'static [&'static str], last: &'static [&'static str] },
}

const DENY: &[&str] = &["--", "--deny", "warnings"];
const CLIPPY: &[&str] = &["clippy", "--quiet", "--release", "--all-targets"];
const DOC: &[&str] = &["doc", "--quiet", "--release", "--no-deps", "--document-private-items"];
const BUILD: &[&str] = &["build", "--quiet", "--release"];

/// All suites, in the order in which they are run: what fails fast comes first.
pub(super) const SUITES: [Suite; 9] = [
    Suite {
        name: "format",
        meaning: "the sources are formatted",
        quick: true,
        needs: &[],
        steps: &[Step::Check { arguments: &["fmt", "--all", "--check"], packages: &[], last: &[] }],
    },
    Suite {
        name: "lints",
        meaning: "clippy has nothing to say",
        quick: true,
        needs: &[Need::Libtorch],
        steps: &[
            Step::Check { arguments: CLIPPY, packages: &LIGHT, last: DENY },
            Step::Check { arguments: CLIPPY, packages: &HEAVY, last: DENY },
            Step::Check { arguments: CLIPPY, packages: &["e2e", "cluster", "sshd", "pretence"], last: DENY },
        ],
    },
    Suite {
        name: "unit",
        meaning: "the tests of the crates without libtorch",
        quick: true,
        needs: &[],
        steps: &[Step::PlainBuild, Step::Tests { packages: &LIGHT, last: &[] }],
    },
    Suite {
        name: "trainer",
        meaning: "the tests of the crates with libtorch",
        quick: true,
        needs: &[Need::Libtorch],
        steps: &[Step::Tests { packages: &HEAVY, last: &[] }],
    },
    Suite {
        name: "docs",
        meaning: "the documentation builds, and its links lead somewhere",
        quick: false,
        needs: &[Need::Libtorch],
        steps: &[
            Step::Check { arguments: DOC, packages: &LIGHT, last: &[] },
            Step::Check { arguments: DOC, packages: &HEAVY, last: &[] },
        ],
    },
    Suite {
        name: "end-to-end",
        meaning: "the programs do together what they promise",
        quick: false,
        needs: &[Need::Libtorch, Need::Chromium],
        steps: &[
            Step::Check { arguments: BUILD, packages: &BINARIES, last: &[] },
            Step::Tests { packages: &["e2e"], last: &["--test", "it"] },
        ],
    },
    Suite {
        name: "transformers",
        meaning: "an old and a new transformers compute with our models what we do, and we with theirs",
        quick: false,
        needs: &[Need::Libtorch, Need::Transformers],
        steps: &[
            Step::Check { arguments: BUILD, packages: &BINARIES, last: &[] },
            Step::Tests { packages: &["e2e"], last: &["--test", "transformers"] },
        ],
    },
    Suite {
        name: "faults",
        meaning: "on a pretended Slurm every run is done once, whatever is lost or cut",
        quick: false,
        needs: &[],
        steps: &[
            Step::Check { arguments: BUILD, packages: &["launcher", "pretence"], last: &[] },
            Step::Tests { packages: &["pretence"], last: &[] },
            // Each test waits most of its time.
            Step::Tests { packages: &["e2e"], last: &["--test", "faults", "--", "--test-threads=4"] },
        ],
    },
    Suite {
        name: "slurm",
        meaning: "on a real Slurm every run is done once, whatever happens",
        quick: false,
        needs: &[Need::Libtorch, Need::Slurm],
        steps: &[
            Step::Check { arguments: BUILD, packages: &BINARIES, last: &[] },
            Step::Tests { packages: &["cluster"], last: &[] },
            Step::Tests { packages: &["e2e"], last: &["--test", "ssh"] },
            // Each test waits for Slurm most of its time.
            Step::Tests { packages: &["e2e"], last: &["--test", "slurm", "--", "--test-threads=4"] },
        ],
    },
];

impl Suite {
    /// Runs it to its end, whatever fails.
    pub(super) fn run(&self, workspace: &Workspace) -> Outcome<Tally> {
        for need in self.needs {
            need.meet(workspace)?;
        }
        let (mut sum, mut tests) = (Tally::default(), None);
        for step in self.steps {
            let tally = step.run(workspace)?;
            sum += tally;
            if matches!(step, Step::Tests { .. }) {
                tests = Some(tally.passed + tally.failed);
            }
        }
        if tests == Some(0) {
            stream::say("no test was run: that proves nothing");
            sum += Tally::of(false);
        }
        Ok(sum)
    }
}

impl Need {
    fn meet(&self, workspace: &Workspace) -> Outcome<()> {
        match self {
            Self::Libtorch => {
                if compiler::require().is_err() {
                    packages::ensure(&["g++"])?;
                }
                libtorch::ensure(workspace, &libtorch::Request::default()).map(drop)
            }
            Self::Chromium if compiler::is_installed("chromium") => Ok(()),
            Self::Chromium => packages::ensure(&["chromium"]),
            Self::Transformers => {
                let home = libtorch::ensure(workspace, &libtorch::Request::default())?;
                transformers::ensure(workspace, &libtorch::python_folder(workspace, &home)?)
            }
            Self::Slurm => {
                packages::ensure(&[&cluster::PACKAGES[..], &SSH].concat())?;
                apptainer::offer(workspace)
            }
        }
    }
}

impl Step {
    fn run(&self, workspace: &Workspace) -> Outcome<Tally> {
        let selected = |packages: &[&'static str]| packages.iter().flat_map(|name| ["--package", name]).collect();
        match self {
            Self::Check { arguments, packages, last } => {
                let selection: Vec<_> = selected(packages);
                let mut command = workspace.cargo(&[arguments, selection.as_slice(), last].concat());
                // The documentation is for those who work here: it shows what is private, so links to that lead somewhere.
                command.env("RUSTDOCFLAGS", "--deny warnings --allow rustdoc::private_intra_doc_links");
                Ok(Tally::of(stream::run(&mut command)?.success()))
            }
            Self::PlainBuild => {
                let mut build = workspace.cargo(&["build", "--quiet", "--release"]);
                Ok(Tally::of(stream::run(build.env("LIBTORCH", "/nonexistent"))?.success()))
            }
            Self::Tests { packages, last } => {
                let selection: Vec<_> = selected(packages);
                let mut command = workspace.cargo(&["test", "--release", "--no-fail-fast"]);
                // A snapshot that differs is a failure, not a new file.
                command.args(selection).args(*last).env("INSTA_UPDATE", "no");
                let (status, output) = stream::run_keeping_output(&mut command)?;
                Ok(Tally::of_tests(&output, status.success()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_different_and_the_quick_suites_come_first() {
        let mut names: Vec<_> = SUITES.iter().map(|suite| suite.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SUITES.len());
        assert!(SUITES.is_sorted_by_key(|suite| !suite.quick));
    }
}
