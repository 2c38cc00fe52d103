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
    init(
        _ places: [RepositoryPlace],
        _ keyring: Keyring,
        in context: CommandContext,
        for use: StoreUse = .working
    ) throws {
        var opened: [Opened] = []
        var failures: [(name: String, error: Diagnostic)] = []
        for place in places {
            do {
                let repository = try Repository.open(try place.store(in: context, for: use), keyring: keyring)
                opened.append(Opened(name: place.name, repository: repository))
            } catch {
                failures.append((place.name, Commands.diagnostic(for: error)))
            }
        }
        if opened.isEmpty, let first = failures.first { throw first.error }
        self.opened = opened
        self.failures = failures
    }

    /// What to tell beside the answer, once the repositories were read: what was left out, and what was found on the way.
    var warnings: [Diagnostic] {
        failures.map { .passedOver("repository '\($0.name)' does not count: \($0.error.summary)") } + remarks
    }

    /// What was found on the way.
    var remarks: [Diagnostic] { opened.flatMap(\.repository.remarks) }

    /// Throws when a repository was named and has nothing of `plan`; a plan of the settings may have nothing yet.
    func requirePlan(_ plan: PlanName?, of options: RepositoryOptions) throws {
        guard let plan, options.from != nil else { return }
        for place in opened { try place.repository.requirePlan(plan) }
    }

    /// How many repositories the plan has.
    var count: Int { opened.count + failures.count }

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
