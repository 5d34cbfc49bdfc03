//! The suites, and how one is run.
//!
//! Everything that is run is compiled in one profile, release: each crate is compiled once, and the numeric tests are
//! fast. For the same reason every step takes the whole workspace and chooses among its targets: another choice of
//! packages would be another choice of their dependencies' features, and most of them would be compiled again. A plain
//! build has its own choice anyway, and nothing of it is run: it is checked, which needs what the build scripts make
//! but no machine code.

use super::tally::Tally;
use crate::failure::Outcome;
use crate::workspace::Workspace;
use crate::{apptainer, cluster, compiler, libtorch, packages, stream, transformers};

/// The Debian packages of a site that is reached over ssh, by keys and by tickets, and of the tests that watch its
/// processes.
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
    /// A cargo command, which succeeds or not.
    Check(&'static [&'static str]),
    /// What a plain `cargo build --release` compiles, as on a login node: where libtorch is said to be, there is
    /// nothing.
    PlainBuild,
    /// Tests, chosen with these arguments of `cargo test`.
    Tests(&'static [&'static str]),
}

const CLIPPY: Step =
    Step::Check(&["clippy", "--quiet", "--release", "--workspace", "--all-targets", "--", "--deny", "warnings"]);
/// The tests that are run only where they are named; `--all-targets` leaves them out.
const CLIPPY_OF_NAMED: Step =
    Step::Check(&["clippy", "--quiet", "--release", "--workspace", "--test", "*", "--", "--deny", "warnings"]);
const DOC: Step = Step::Check(&["doc", "--quiet", "--release", "--workspace", "--no-deps", "--document-private-items"]);
/// The programs that the tests start. With the tests' own dependencies, or their features would be others.
const BUILD: Step = Step::Check(&["build", "--quiet", "--release", "--workspace", "--all-targets"]);

/// All suites, in the order in which they are run: what fails fast comes first.
pub(super) const SUITES: [Suite; 9] = [
    Suite {
        name: "format",
        meaning: "the sources are formatted",
        quick: true,
        needs: &[],
        steps: &[Step::Check(&["fmt", "--all", "--check"])],
    },
    Suite {
        name: "lints",
        meaning: "clippy has nothing to say",
        quick: true,
        needs: &[Need::Libtorch],
        steps: &[CLIPPY, CLIPPY_OF_NAMED],
    },
    Suite {
        name: "plain",
        meaning: "everything but the trainer needs no libtorch",
        quick: true,
        needs: &[],
        steps: &[Step::PlainBuild],
    },
    Suite {
        name: "unit",
        meaning: "every crate does what it promises",
        quick: true,
        needs: &[Need::Libtorch],
        steps: &[Step::Tests(&[])],
    },
    Suite {
        name: "docs",
        meaning: "the documentation builds, and its links lead somewhere",
        quick: false,
        needs: &[Need::Libtorch],
        steps: &[DOC],
    },
    Suite {
        name: "end-to-end",
        meaning: "the programs do together what they promise",
        quick: false,
        needs: &[Need::Libtorch, Need::Chromium],
        steps: &[BUILD, Step::Tests(&["--test", "it"])],
    },
    Suite {
        name: "transformers",
        meaning: "an old and a new transformers compute with our models what we do, and we with theirs",
        quick: false,
        needs: &[Need::Libtorch, Need::Transformers],
        steps: &[BUILD, Step::Tests(&["--test", "transformers"])],
    },
    Suite {
        name: "faults",
        meaning: "on a pretended Slurm every run is done once, whatever is lost or cut",
        quick: false,
        needs: &[Need::Libtorch],
        // Each test waits most of its time.
        steps: &[BUILD, Step::Tests(&["--test", "faults", "--", "--test-threads=4"])],
    },
    Suite {
        name: "slurm",
        meaning: "on a real Slurm every run is done once, whatever happens",
        quick: false,
        needs: &[Need::Libtorch, Need::Slurm],
        steps: &[
            BUILD,
            Step::Tests(&["--test", "whole"]),
            Step::Tests(&["--test", "ssh"]),
            // Each test waits for Slurm most of its time.
            Step::Tests(&["--test", "slurm", "--", "--test-threads=4"]),
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
            if matches!(step, Step::Tests(_)) {
                tests = Some(tally.passed + tally.failed);
            }
            sum += tally;
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
        match self {
            Self::Check(arguments) => {
                let mut command = workspace.cargo(arguments);
                // The documentation is for those who work here: it shows what is private, so links to that lead
                // somewhere.
                command.env("RUSTDOCFLAGS", "--deny warnings --allow rustdoc::private_intra_doc_links");
                Ok(Tally::of(stream::run(&mut command)?.success()))
            }
            Self::PlainBuild => {
                let mut build = workspace.cargo(&["check", "--quiet", "--release"]);
                Ok(Tally::of(stream::run(build.env("LIBTORCH", "/nonexistent"))?.success()))
            }
            Self::Tests(chosen) => {
                let mut command = workspace.cargo(&["test", "--release", "--workspace", "--no-fail-fast"]);
                // A snapshot that differs is a failure, not a new file.
                command.args(*chosen).env("INSTA_UPDATE", "no");
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
