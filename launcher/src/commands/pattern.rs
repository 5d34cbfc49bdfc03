//! Files by patterns, for shells that did not see to it: `results/*.csv` in quotes.

use std::path::{Component, Path, PathBuf};

use spec::ExitCode;

use crate::error::CliError;

/// Whether some part of a path is a pattern; a file of just that name is meant by it.
pub(super) fn is_pattern(path: &Path) -> bool {
    !path.exists() && path.to_string_lossy().contains(['*', '?'])
}

/// The files that `named` mean, each once, those of a pattern by name.
pub(super) fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>, CliError> {
    let mut files: Vec<PathBuf> = Vec::new();
    for path in named {
        let found = if is_pattern(path) { matching(path) } else { vec![path.clone()] };
        if found.is_empty() {
            let message = format!("no file matches {}", path.display());
            return Err(
                CliError::new(ExitCode::BadData, message).hint("* stands for any characters of a name, ? for one")
            );
        }
        if path == Path::new("-") {
            return Err(CliError::new(ExitCode::Usage, "standard input (-) cannot be read beside files"));
        }
        for file in found {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    Ok(files)
}

fn matching(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for part in pattern.components() {
        let Component::Normal(name) = part else {
            for path in &mut found {
                path.push(part);
            }
            continue;
        };
        let name = name.to_string_lossy();
        found = if name.contains(['*', '?']) {
            found.iter().flat_map(|folder| inside(folder, &name)).collect()
        } else {
            found.iter().map(|folder| folder.join(&*name)).filter(|path| path.exists()).collect()
        };
    }
    found.retain(|path| path.is_file());
    found
}

fn inside(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    let names = listed.into_iter().flatten().flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    // A hidden file is meant only by a pattern that begins as it does.
    let mut names: Vec<String> =
        names.filter(|name| (!name.starts_with('.') || pattern.starts_with('.')) && fits(pattern, name)).collect();
    names.sort();
    names.into_iter().map(|name| folder.join(name)).collect()
}

/// Whether a name is as the pattern says: `*` is any run of characters, `?` any one.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(character) if *character == '?' || *character == name[n] => {
                p += 1;
                n += 1;
            }
            // The last star takes one character more.
            _ => match star {
                Some((place, taken)) => {
                    star = Some((place, taken + 1));
                    p = place + 1;
                    n = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|character| *character == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, name) in
            [("*.csv", "a.csv"), ("a*b*c", "a-b-b-c"), ("?.csv", "\u{e9}.csv"), ("*", ""), ("a", "a")]
        {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("*.csv", "a.csv2"), ("?", ""), ("a*b", "a-c"), ("a", "ab"), ("", "a")] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn files_are_found_in_folders_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b/2.csv", "a/1.csv", "a/.hidden.csv", "a/notes.txt"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        let found = files(&[folder.path().join("*/*.csv"), folder.path().join("a/1.csv")]).unwrap();
        assert_eq!(found, [folder.path().join("a/1.csv"), folder.path().join("b/2.csv")]);
        let none = files(&[folder.path().join("*.tsv")]).unwrap_err();
        assert!(format!("{none:?}").contains("no file matches"), "{none:?}");
    }
}
