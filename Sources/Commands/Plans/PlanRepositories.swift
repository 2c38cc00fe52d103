import Diagnostics
import Model
import Repository
import Settings
import Streams

/// The repositories that a command means: the one that was named, or all of a plan, as far as they can be opened.
struct PlanRepositories: Sendable {
    struct Opened: Sendable {
        let name: String
        let repository: Repository
    }

    let opened: [Opened]
    /// Why others of the plan are left out, by name.
    let failures: [(name: String, error: Diagnostic)]
    /// What is wrong with repositories that are one with another of the plan.
    private let doubles: [Diagnostic]

    /// Opens them in the plan's order; throws only when none of them opens.
    init(
        _ options: RepositoryOptions,
        _ keys: KeyOptions,
        in context: CommandContext,
        for use: StoreUse = .working
    ) throws {
        try self.init(try options.places(in: context), try keys.keyring(in: context), in: context, for: use)
    }

    /// Opens these, in their order; throws only when none of them opens.
    ///
    /// One that is the same repository as another before it is one copy, and is left out; for whoever changes something it
    /// is a failure.
    init(
        _ places: [RepositoryPlace],
        _ keyring: Keyring,
        in context: CommandContext,
        for use: StoreUse = .working
    ) throws {
        var opened: [Opened] = []
        var failures: [(name: String, error: Diagnostic)] = []
        var doubles: [Diagnostic] = []
        var seen = SeenRepositories()
        for place in places {
            do {
                let repository = try Repository.open(try place.store(in: context, for: use), keyring: keyring)
                if use == .reading, let double = seen.double(repository, place.name) {
                    doubles.append(double)
                    continue
                }
                try seen.admit(repository, as: place.name)
                opened.append(Opened(name: place.name, repository: repository))
            } catch {
                failures.append((place.name, Commands.diagnostic(for: error)))
            }
        }
        if opened.isEmpty, let first = failures.first { throw first.error }
        self.opened = opened
        self.failures = failures
        self.doubles = doubles
    }

    /// Why repositories of the plan were left out.
    var passedOver: [Diagnostic] {
        failures.map { .passedOver("repository '\($0.name)' does not count: \($0.error.summary)") }
            + doubles
    }

    /// What to tell beside the answer, once the repositories were read: what was left out, and what was found on the way.
    var warnings: [Diagnostic] { passedOver + remarks }

    /// What was found on the way.
    var remarks: [Diagnostic] { opened.flatMap(\.repository.remarks) }

    /// Throws when a repository was named and has nothing of `plan`; a plan of the settings may have nothing yet.
    func requirePlan(_ plan: PlanName?, of options: RepositoryOptions) throws {
        guard let plan, options.from != nil else { return }
        for place in opened { try place.repository.requirePlan(plan) }
    }

    /// How many repositories the plan has.
    var count: Int { opened.count + failures.count + doubles.count }

    /// The point that `selector` means: `latest` is the newest that any of them has, all else the first that is found.
    func resolve(_ selector: String, plan: PlanName?) throws -> PointName {
        var found: [PointListing] = []
        var first: (any Error)?
        for place in opened {
            do { found.append(try place.repository.find(selector, plan: plan)) } catch { first = first ?? error }
        }
        guard let point = found.meant(by: selector) else {
            throw first ?? Diagnostic(.pointUnknown, "there is no point '\(selector)'")
        }
        return point.name
    }
}

extension [PointListing] {
    /// Of what a selector means in each of several repositories: the newest for `latest`, for all else the first.
    func meant(by selector: String) -> PointListing? {
        guard selector == "latest" || selector.hasSuffix("/latest") else { return first }
        let now = Instant.now
        return self.max { PointListing.isOlder($0, $1, now: now) }
    }
}

/// The repositories that a run has met, by which it knows one again that comes under another name.
///
/// Two names for one repository, or a copy of its files that goes its own way since: neither is a second copy of what is in
/// the first, and what is said in one does not reach the other.
struct SeenRepositories {
    private var names: [String: String] = [:]

    /// What is wrong when `name` is a repository that was met before.
    func double(_ repository: Repository, _ name: String) -> Diagnostic? {
        names[repository.descriptor.id].map { other in
            Diagnostic(
                .settingsInvalid,
                "repository '\(name)' of the plan is '\(other)' by another name, or a copy of its files:"
                    + " that is one copy, not two",
                cause: "their descriptors have the same id",
                hint: "Make a new one in a place of its own with 'lifeboat repo init', and fill it with"
                    + " 'lifeboat repo sync'."
            )
        }
    }

    /// Takes note of a repository; throws when it was met before.
    mutating func admit(_ repository: Repository, as name: String) throws {
        if let double = double(repository, name) { throw double }
        names[repository.descriptor.id] = name
    }
}
