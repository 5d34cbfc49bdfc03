/// A place for one run at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The GPUs that its runs see, with commas between; `None` leaves the environment as it is.
    pub gpu: Option<String>,
    /// Processor threads of its runs.
    pub threads: u32,
}

/// What a person asked for, and what the machine has.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Runs at a time (`--slots`).
    pub slots: Option<u32>,
    /// GPUs to use (`--gpus`), else those of the machine.
    pub gpus: Vec<String>,
    /// Runs at a time on one GPU (`--per-gpu`).
    pub per_gpu: Option<u32>,
    /// GPUs of one run; 0 counts as 1.
    pub gpus_per_run: u32,
    /// Threads of one run (`--threads`).
    pub threads: Option<u32>,
    /// Processor cores.
    pub cores: u32,
}

/// The slots for `runs` runs.
///
/// With GPUs: one slot for as many as a run asks for, or as many slots as were asked for, dealt out in turn; GPUs that
/// do not make up a whole group stay idle. Without: one thread a run, or one for each of its ranks, while there are
/// more runs than cores, else the cores divided among the runs. Threads are divided so that all slots together use the
/// machine once.
pub fn slots(request: &Request, runs: usize) -> Vec<Slot> {
    let cores = request.cores.max(1);
    let runs = u32::try_from(runs).unwrap_or(u32::MAX).max(1);
    let each = request.gpus_per_run.max(1);
    let groups: Vec<String> = request.gpus.chunks_exact(each as usize).map(|group| group.join(",")).collect();
    let gpus = u32::try_from(groups.len()).unwrap_or(u32::MAX);
    let wanted = match request.slots {
        Some(slots) => slots,
        None if gpus > 0 => gpus * request.per_gpu.unwrap_or(1),
        None => cores / request.threads.unwrap_or(each).min(cores),
    };
    let count = wanted.min(runs).max(1);
    let threads = request.threads.unwrap_or((cores / count).max(1));
    let gpu = |slot: u32| groups.get((slot % gpus.max(1)) as usize).cloned();
    (0..count).map(|slot| Slot { gpu: gpu(slot), threads }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(request: &Request, runs: usize) -> Vec<(Option<String>, u32)> {
        slots(request, runs).into_iter().map(|slot| (slot.gpu, slot.threads)).collect()
    }

    #[test]
    fn processors_are_divided() {
        let request = Request { cores: 8, ..Request::default() };
        assert_eq!(shape(&request, 100), vec![(None, 1); 8]);
        assert_eq!(shape(&request, 3), vec![(None, 2); 3]);
        assert_eq!(shape(&Request { threads: Some(3), ..request.clone() }, 100), vec![(None, 3); 2]);
        assert_eq!(shape(&Request { threads: Some(64), ..request.clone() }, 100), vec![(None, 64)]);
        assert_eq!(shape(&Request { slots: Some(2), ..request }, 100), vec![(None, 4); 2]);
    }

    #[test]
    fn gpus_are_dealt_out_in_turn() {
        let gpus = vec!["0".to_owned(), "2".to_owned()];
        let request = Request { cores: 8, gpus, ..Request::default() };
        let gpu = |name: &str| Some(name.to_owned());
        assert_eq!(shape(&request, 9), [(gpu("0"), 4), (gpu("2"), 4)]);
        let doubled = Request { per_gpu: Some(2), ..request.clone() };
        assert_eq!(shape(&doubled, 9), [(gpu("0"), 2), (gpu("2"), 2), (gpu("0"), 2), (gpu("2"), 2)]);
        assert_eq!(shape(&doubled, 1), [(gpu("0"), 8)]);
        assert_eq!(shape(&Request { slots: Some(3), ..request }, 9), [(gpu("0"), 2), (gpu("2"), 2), (gpu("0"), 2)]);
    }

    #[test]
    fn a_run_of_several_gpus_has_a_group_to_itself() {
        let gpus = ["0", "1", "2", "3", "4"].map(str::to_owned).to_vec();
        let request = Request { cores: 8, gpus, gpus_per_run: 2, ..Request::default() };
        let gpu = |names: &str| Some(names.to_owned());
        assert_eq!(shape(&request, 9), [(gpu("0,1"), 4), (gpu("2,3"), 4)]);
        // Without GPUs as many processes share the cores.
        let none = Request { gpus: Vec::new(), ..request };
        assert_eq!(shape(&none, 9), vec![(None, 2); 4]);
    }
}
