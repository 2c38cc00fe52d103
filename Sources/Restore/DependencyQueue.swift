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
        /// Jobs of one group may be taken together, to be done in one go; nil for a job that is done alone.
        var group: Int?
    }

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let jobs: [Job]
    private var missing: [Int]
    private var dependents: [[Int]]
    /// What may begin: first the jobs that are done alone, then a list for each group, each in order of weight, the
    /// heaviest last.
    private var ready: [[Int]]
    /// How many running jobs hold each resource for themselves, and how many share it.
    private var holders: [Int: Holders] = [:]
    private var running = 0
    private var remaining: Int
    private var isClosed = false

    private struct Holders {
        var alone = 0
        var sharing = 0
    }

    init(_ jobs: [Job]) {
        self.jobs = jobs
        missing = jobs.map(\.prerequisites.count)
        dependents = Array(repeating: [], count: jobs.count)
        remaining = jobs.count
        ready = Array(repeating: [], count: 1 + (jobs.lazy.compactMap(\.group).max().map { $0 + 1 } ?? 0))
        for (place, job) in jobs.enumerated() {
            for prerequisite in job.prerequisites { dependents[prerequisite].append(place) }
            if job.prerequisites.isEmpty { ready[Self.list(of: job)].append(place) }
        }
        for list in ready.indices { ready[list].sort { isLighter($0, $1) } }
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
    /// Blocks while jobs are running that others wait for.
    func take() -> Int? { take(upTo: 1).first }

    /// The next jobs to run by one thread, one after the other: one, or up to `limit` of one group; empty when there are
    /// none left or the queue was closed.
    ///
    /// Blocks while jobs are running that others wait for. Jobs that are taken together may hold the same resource.
    func take(upTo limit: Int) -> [Int] {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !isClosed, remaining > 0 {
            if let first = takeHeaviest() { return begin(first, upTo: limit) }
            // Nothing runs and nothing is ready: the prerequisites form a circle. Closing beats waiting for ever.
            if running == 0 { break }
            pthread_cond_wait(condition, mutex)
        }
        return []
    }

    /// Marks a job as done and wakes whoever waits.
    func finish(_ place: Int) { finish([place]) }

    /// Marks jobs as done and wakes whoever waits.
    func finish(_ places: [Int]) {
        pthread_mutex_lock(mutex)
        for place in places {
            hold(place, -1)
            remaining -= 1
            for dependent in dependents[place] {
                missing[dependent] -= 1
                if missing[dependent] == 0 { makeReady(dependent) }
            }
        }
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    private func takeHeaviest() -> Int? {
        var best: (list: Int, index: Int)?
        for list in ready.indices {
            guard let index = ready[list].lastIndex(where: isFree) else { continue }
            if let best, !isLighter(ready[best.list][best.index], ready[list][index]) { continue }
            best = (list, index)
        }
        return best.map { ready[$0.list].remove(at: $0.index) }
    }

    /// Adds what may be done together with `first`, and marks all of it as running.
    private func begin(_ first: Int, upTo limit: Int) -> [Int] {
        var places = [first]
        if jobs[first].group != nil {
            let list = Self.list(of: jobs[first])
            while places.count < limit, let index = ready[list].lastIndex(where: isFree) {
                places.append(ready[list].remove(at: index))
            }
        }
        for place in places { hold(place, 1) }
        return places
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

    private static func list(of job: Job) -> Int { job.group.map { $0 + 1 } ?? 0 }

    /// Keeps its list in order of weight, the heaviest last.
    private func makeReady(_ place: Int) {
        let list = Self.list(of: jobs[place])
        var low = 0
        var high = ready[list].count
        while low < high {
            let middle = (low + high) / 2
            if isLighter(ready[list][middle], place) { low = middle + 1 } else { high = middle }
        }
        ready[list].insert(place, at: low)
    }

    private func isLighter(_ a: Int, _ b: Int) -> Bool { (jobs[a].weight, b) < (jobs[b].weight, a) }

    /// Whether no running job holds what this one needs.
    private func isFree(_ place: Int) -> Bool {
        jobs[place].resources.allSatisfy { resource in
            guard let held = holders[resource] else { return true }
            return held.alone == 0 && (held.sharing == 0 || jobs[place].sharesResources)
        }
    }

    private func hold(_ place: Int, _ change: Int) {
        running += change
        for resource in jobs[place].resources {
            var held = holders[resource] ?? Holders()
            if jobs[place].sharesResources { held.sharing += change } else { held.alone += change }
            holders[resource] = held.alone == 0 && held.sharing == 0 ? nil : held
        }
    }
}
