import Glibc
import Streams

/// Hands out jobs that depend on each other to several threads: a job is ready when everything it waits for is done and
/// no running job holds what it needs.
///
/// `@unchecked Sendable`: the mutex and condition are pthread objects at a fixed address, and all other state is only
/// touched while the mutex is held.
final class DependencyQueue: @unchecked Sendable {
    /// One job: its place in the list is its name.
    struct Job {
        /// Places of the jobs that must be done before.
        var prerequisites: [Int]
        /// What the job locks; two jobs that share a resource do not run at the same time unless both only share it.
        var resources: Set<Int>
        var sharesResources: Bool
        /// Longer jobs start first among the ready ones.
        var weight: Int64
    }

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let jobs: [Job]
    private var missing: [Int]
    private var dependents: [[Int]]
    /// In order of weight, the heaviest last.
    private var ready: [Int] = []
    private var running: Set<Int> = []
    private var remaining: Int
    private var isClosed = false

    init(_ jobs: [Job]) {
        self.jobs = jobs
        missing = jobs.map(\.prerequisites.count)
        dependents = Array(repeating: [], count: jobs.count)
        remaining = jobs.count
        for (place, job) in jobs.enumerated() {
            for prerequisite in job.prerequisites { dependents[prerequisite].append(place) }
            if job.prerequisites.isEmpty { ready.append(place) }
        }
        ready.sort { isLighter($0, $1) }
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// The next job to run, or nil when there is none left or the queue was closed.
    ///
    /// Blocks while jobs are running that
    /// others wait for.
    func take() -> Int? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !isClosed, remaining > 0 {
            if let index = ready.lastIndex(where: isCompatible) {
                let place = ready.remove(at: index)
                running.insert(place)
                return place
            }
            // Nothing runs and nothing is ready: the prerequisites form a circle. Closing beats waiting for ever.
            if running.isEmpty { break }
            pthread_cond_wait(condition, mutex)
        }
        return nil
    }

    /// Marks a job as done and wakes whoever waits.
    func finish(_ place: Int) {
        pthread_mutex_lock(mutex)
        running.remove(place)
        remaining -= 1
        for dependent in dependents[place] {
            missing[dependent] -= 1
            if missing[dependent] == 0 { makeReady(dependent) }
        }
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Lets everybody go home: something failed.
    func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Jobs that were never done; not empty after a failure, or when the prerequisites form a circle.
    var unfinished: Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return remaining
    }

    /// Keeps `ready` in order of weight, the heaviest last.
    private func makeReady(_ place: Int) {
        var low = 0
        var high = ready.count
        while low < high {
            let middle = (low + high) / 2
            if isLighter(ready[middle], place) { low = middle + 1 } else { high = middle }
        }
        ready.insert(place, at: low)
    }

    private func isLighter(_ a: Int, _ b: Int) -> Bool { (jobs[a].weight, b) < (jobs[b].weight, a) }

    private func isCompatible(_ place: Int) -> Bool {
        running.allSatisfy { other in
            jobs[place].sharesResources && jobs[other].sharesResources
                || jobs[place].resources.isDisjoint(with: jobs[other].resources)
        }
    }
}
