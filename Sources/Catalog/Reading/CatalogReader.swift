import Diagnostics
package import PostgresClient

/// Reads a database's catalog into values.
///
/// Belongs to the connection's thread and blocks on it. The caller has opened the transaction whose snapshot counts and
/// pinned the session (`search_path=''` above all); nothing is executed but SELECT on catalogs. Memory grows with the
/// number of objects, about 5 kB each.
package struct CatalogReader {
    private let connection: Connection
    private let second: SecondSession?

    /// Creates a reader on a connection inside a pinned transaction.
    ///
    /// With `second`, a session pinned in the same way, the longest questions are put to the server two at a time.
    package init(_ connection: Connection, alongside second: SecondSession? = nil) {
        self.connection = connection
        self.second = second
    }

    /// Everything the database is made of, less what the patterns exclude.
    ///
    /// A pattern is a schema (`audit`), a thing in a schema (`public.tmp_*`) or `kind:name`; `*` and `?` stand for any
    /// text and any character. Throws `unsupportedObject` when something is there that cannot be carried, or when
    /// something kept depends on something excluded.
    package func read(excluding patterns: [String] = []) throws -> DatabaseCatalog {
        do {
            return try readAll(excluding: patterns)
        } catch let failure as CatalogQueryFailure {
            throw ReadingProblem(connection).explained(failure.error)
        }
    }

    private func readAll(excluding patterns: [String]) throws -> DatabaseCatalog {
        let exclusion = Exclusion(patterns)
        let major = connection.serverVersion.major
        let ahead = second.map { QueryAhead(Self.questionsAhead(major), in: $0) }
        defer { ahead?.end() }
        let context = try ReadingContext(connection, ahead: ahead)
        let columns = try readColumns(context)
        var found = try Self.readKinds(context, columns)
        let used = try CompletenessCheck(context, found).run(excluding: exclusion)
        // What belongs to an extension comes with it, and so does what lives on its tables.
        found.removeAll { context.members[$0.address] != nil }
        found.removeAll { object in object.belongsTo.map { context.members[$0] != nil } ?? false }
        for index in found.indices where [.table, .foreignTable, .sequence].contains(found[index].kind) {
            context.ownedLater.insert(found[index].address)
        }
        try noticeLeftBehind(context)
        try addExtensionDependence(context, to: &found)
        try RemarkReader(context, columns: columns).attach(to: &found)
        let excluded = exclusion.cascade(over: found)
        let edges = try DependencyEdges(context)
        var resolver = DependencyResolver(found, edges)
        let objects = resolver.resolve()
        let kept = excluded.isEmpty ? objects : objects.filter { !excluded.contains($0.identity) }
        try Exclusion.checkDependents(of: excluded, among: kept)
        return DatabaseCatalog(
            serverMajor: context.major,
            objects: kept,
            notices: context.notices + resolver.notices + exclusion.idleNotices(among: found, used: used)
        )
    }

    /// What takes longest and needs nothing that is read before, about in the order in which it is needed: what takes no
    /// room comes before what must wait for some.
    private static func questionsAhead(_ major: Int) -> [QuestionAhead] {
        (major >= 18 ? [QuestionAhead(NotNulls.sql, .short)] : []) + [
            QuestionAhead(tableQuery), QuestionAhead(indexQuery(major)), QuestionAhead(keyConstraintQuery(major)),
            QuestionAhead(systemColumnQuery, .short), QuestionAhead(CompletenessCheck.unknownCatalogs, .short),
            QuestionAhead(CompletenessCheck.everything, .numbers), QuestionAhead(DependencyEdges.sql, .numbers),
            QuestionAhead(foreignKeyQuery), QuestionAhead(RemarkReader.sql),
        ]
    }

    /// Every kind, one bulk query or two each.
    private static func readKinds(_ context: ReadingContext, _ columns: [UInt32: [Column]]) throws -> [FoundObject] {
        var found = try readRoles(context)
        found += try readDatabaseProperties(context)
        found += try readSchemas(context)
        found += try readExtensions(context)
        found += try readEnumTypes(context)
        found += try readCompositeTypes(context, columns: columns)
        found += try readDomains(context)
        found += try readBaseTypes(context)
        found += try readRangeTypes(context)
        found += try readFunctions(context)
        found += try readAggregates(context)
        found += try readOperators(context)
        found += try readOperatorClasses(context)
        found += try readAccessMethods(context)
        found += try readLanguages(context)
        found += try readCasts(context)
        found += try readTransforms(context)
        found += try readConversions(context)
        found += try readCollations(context)
        found += try readTextSearch(context)
        found += try readForeignServers(context)
        try readTables(context, columns: columns, into: &found)
        found += try readSequences(context)
        found += try readViews(context, columns: columns)
        found += try readMaterializedViews(context, columns: columns)
        let plain = try PlainDefinitions(context, columns: columns)
        try readIndexes(context, plain, into: &found)
        try readKeyConstraints(context, plain, into: &found)
        found += try readForeignKeys(context)
        found += try readLateChecks(context)
        found += try readRules(context)
        found += try readTriggers(context)
        found += try readPolicies(context)
        found += try readDefaultPrivileges(context)
        found += try readExtendedStatistics(context)
        found += try readPublications(context)
        found += try readSubscriptions(context)
        found += try readEventTriggers(context)
        found += try readSystemPrivileges(context)
        return found
    }
}
