import Glibc
import Synchronization

/// A thread that lives as long as the process and runs short jobs for others, one after the other.
///
/// It exists for what Linux ties to the life of a thread: the parent-death signal of a child goes out when the thread
/// ends that started the child, not the process.
final class EternalThread: Sendable {
    static let shared = EternalThread()

    private let jobs = Mutex<[@Sendable () -> Void]>([])
    private let waiting = Semaphore()

    private init() {
        startDedicatedThread { [self] in
            while true {
                waiting.wait()
                let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                job?()
            }
        }
    }

    /// Runs `body` there and blocks until it is done.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
        let box = AnswerBox<Value>()
        let done = Latch(count: 1)
        jobs.withLock { list in
            list.append {
                let result = Result { try body() }
                box.answer.withLock { $0 = result }
                done.arrive()
            }
        }
        waiting.post()
        done.wait()
        guard let result = box.answer.withLock({ $0 }) else { preconditionFailure("the job ended without an answer") }
        return try result.get()
    }
}

private final class AnswerBox<Value: Sendable>: Sendable {
    let answer = Mutex<Result<Value, any Error>?>(nil)
}

/// A POSIX semaphore.
///
/// `@unchecked Sendable`: the semaphore sits at a fixed address and is made to be used by several threads.
private final class Semaphore: @unchecked Sendable {
    private let raw = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(raw, 0, 0) }

    deinit {
        sem_destroy(raw)
        raw.deallocate()
    }

    func post() { sem_post(raw) }

    func wait() {
        while sem_wait(raw) == -1, errno == EINTR {}
    }
}
