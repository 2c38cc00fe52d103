import Streams

/// `RECOVERY.md`: how to restore a point with age, zstd, tar, jq, coreutils and psql, and nothing of ours.
///
/// The blocks are one bash script, cut by prose: a test runs them literally. Names from the index reach the shell only as
/// base64 and reach psql only as arguments that it hands to the server, so a hostile name is never interpreted.
package enum RecoveryGuide {
    private static let title = "# Restoring without Lifeboat\n"

    static func text(for descriptor: RepositoryDescriptor) -> String {
        """
        \(title)
        This folder is Lifeboat repository `\(descriptor.id)`, format 1, created \(descriptor.created).
        With Lifeboat: `lifeboat restore latest --from THIS-FOLDER --identity FILE --to URL`.

        What follows needs only bash, [age](https://age-encryption.org), zstd, GNU tar, jq, psql, and what every Debian has
        (coreutils, findutils, grep, sed); and the identity of one of the recipients:

        \(descriptor.recipients.map { "- `\($0)`" }.joined(separator: "\n"))

        Paste the blocks one after the other into one bash session, or run them all:
        `sed -n '/^```bash$/,/^```$/p' RECOVERY.md | grep -v '^```' > recover.sh && bash recover.sh`.

        They decrypt and check hashes. They do not check who signed a point: believe the folder, or use Lifeboat.

        """ + body
    }

    /// Whether a file under the guide's name was written by us, so that an interrupted creation may write it again.
    static func isOurs(_ source: any ByteSource) throws -> Bool {
        var start = [UInt8](repeating: 0, count: title.utf8.count)
        let count = try start.withUnsafeMutableBytes { try source.readFully(into: $0) }
        return start[..<count].elementsEqual(title.utf8)
    }

    private static let body = #"""
        ## 1. What to restore, and where to

        Points lie under `points/PLAN/YEAR/MONTH/`, named after the instant they show (UTC). `TARGET` is an empty database
        that was made for this (`createdb --template template0 --encoding UTF8 shop`); take the encoding and locale from
        `index.json` below when they matter. Connect as a superuser. Passwords belong in `~/.pgpass`, not in `TARGET`.

        `IDENTITY` is the file `operator.identity`, or the line of the escrow sheet that begins with `AGE-SECRET-KEY-1`,
        without the spaces before it, saved in a file.

        ```bash
        set -euo pipefail
        REPO=${REPO:-$PWD}
        IDENTITY=${IDENTITY:-$HOME/escrow.txt}
        POINT=${POINT:-$(find "$REPO/points" -name '*.point' -printf '%f\t%p\n' | sort | tail -n 1 | cut -f 2)}
        TARGET=${TARGET:-dbname=restored}
        WORK=${WORK:-$(mktemp -d)}
        umask 077
        echo "restoring $POINT into $TARGET, working in $WORK"
        ```

        ## 2. Open the point

        A point is one line of JSON, then two age files: the index and the catalog. The line says how long they are.

        ```bash
        head -n 1 "$POINT" > "$WORK/header.json"
        start=$(wc -c < "$WORK/header.json")
        index_bytes=$(jq '.sections[] | select(.name == "index") | .bytes' "$WORK/header.json")
        catalog_bytes=$(jq '.sections[] | select(.name == "catalog") | .bytes' "$WORK/header.json")
        cut_bytes() { dd if="$1" iflag=skip_bytes,count_bytes bs=64K skip="$2" count="$3" status=none; }
        cut_bytes "$POINT" "$start" "$index_bytes" | age -d -i "$IDENTITY" | zstd -d > "$WORK/index.json"
        cut_bytes "$POINT" "$((start + index_bytes))" "$catalog_bytes" \
          | age -d -i "$IDENTITY" | zstd -d > "$WORK/catalog.json"
        echo "$(jq -r .catalog.sha256 "$WORK/index.json")  $WORK/catalog.json" | sha256sum -c --quiet
        jq '{point, recovery_instant: .snapshot.instant, source, tables: (.tables | length)}' "$WORK/index.json"
        ```

        ## 3. Roles, then the schema without indexes and constraints

        Roles that are missing are made, without passwords; roles that exist stay as they are.

        ```bash
        sql() { PGCLIENTENCODING=UTF8 psql -X -q -o /dev/null -d "$TARGET" "$@"; }
        text() { jq -r --arg field "$1" '.[$field] // empty' "$WORK/catalog.json"; }
        text rolesSQL > "$WORK/roles.sql"
        text preDataSQL > "$WORK/pre-data.sql"
        text postDataSQL > "$WORK/post-data.sql"
        sql -v ON_ERROR_STOP=1 -f "$WORK/roles.sql"
        sql -v ON_ERROR_STOP=1 -f "$WORK/pre-data.sql"
        ```

        ## 4. Rows

        The index names, for every table, the archives and the byte ranges of their tar streams that hold its rows: zstd
        members, whose contents one after the other are COPY text. Archives of earlier points are among them; each is
        checked, decrypted once, used and deleted.

        ```bash
        settings=$(jq -r '
          def literal: "\u0027" + gsub("\u0027"; "\u0027\u0027") + "\u0027";
          .settings | to_entries | map("(" + (.key | literal) + ", " + (.value | literal) + ")") | join(", ")
          | if . == "" then "SELECT" else
            "SELECT pg_catalog.set_config(s.name, v.value, false) FROM (VALUES " + . + ") AS v (name, value)"
            + " JOIN pg_catalog.pg_settings AS s ON lower(s.name) = lower(v.name) WHERE s.context = \u0027user\u0027" end
          ' "$WORK/index.json")
        jq -r '
          def name: "\"" + gsub("\""; "\"\"") + "\"";
          .source.encoding as $encoding
          | .tables[]
          | ("COPY " + (.schema | name) + "." + (.name | name)
             + (if .columns == [] then "" else " (" + (.columns | map(name) | join(", ")) + ")" end)
             + " FROM STDIN WITH (ENCODING \u0027" + $encoding + "\u0027)") as $copy
          | .ranges[] | select(.location.length > 0)
          | "\(.location.archive) \(.location.offset) \(.location.length) \(.location.sha256) \($copy | @base64)"
          ' "$WORK/index.json" > "$WORK/ranges"
        jq -r '
          .source.encoding as $encoding
          | ("COPY pg_temp.pages FROM STDIN WITH (ENCODING \u0027" + $encoding + "\u0027)") as $copy
          | (.largeObjects // empty) | .ranges[] | select(.location.length > 0)
          | "\(.location.archive) \(.location.offset) \(.location.length) \(.location.sha256) \($copy | @base64)"
          ' "$WORK/index.json" > "$WORK/large-object-ranges"

        # Leaves the tar of archive $1 in $WORK/archive.tar.
        open_archive() {
          local file="$REPO/archives/${1:0:2}/$1.tar.age"
          jq -r --arg id "$1" '.archives[] | select(.id == $id) | .sha256' "$WORK/index.json" \
            | { read -r hash; echo "$hash  $file"; } | sha256sum -c --quiet
          age -d -i "$IDENTITY" "$file" > "$WORK/archive.tar"
        }
        # The COPY text in bytes $1 to $1 + $2 of the open tar, which must have the hash $3.
        rows() {
          cut_bytes "$WORK/archive.tar" "$1" "$2" > "$WORK/range.tar"
          echo "$3  $WORK/range.tar" | sha256sum -c --quiet
          tar -xO -f "$WORK/range.tar" | zstd -d
        }
        for archive in $(cut -d ' ' -f 1 "$WORK/ranges" | sort -u); do
          open_archive "$archive"
          while read -r _ offset length hash copy; do
            rows "$offset" "$length" "$hash" > "$WORK/rows"
            sql -v ON_ERROR_STOP=1 -c "$settings" -c "$(base64 -d <<< "$copy")" < "$WORK/rows"
          done < <(grep "^$archive " "$WORK/ranges")
        done
        ```

        ## 5. Large objects, if there are any

        ```bash
        for oid in $(jq -r '(.largeObjects // empty) | .objects[].oid' "$WORK/index.json"); do
          sql -v ON_ERROR_STOP=1 -c "SELECT pg_catalog.lo_create($oid)"
        done
        for archive in $(cut -d ' ' -f 1 "$WORK/large-object-ranges" | sort -u); do
          open_archive "$archive"
          while read -r _ offset length hash copy; do
            rows "$offset" "$length" "$hash" > "$WORK/rows"
            sql -v ON_ERROR_STOP=1 -c "$settings" \
              -c "CREATE TEMPORARY TABLE pages (loid oid, pageno integer, data bytea)" \
              -c "$(base64 -d <<< "$copy")" \
              -c "SELECT pg_catalog.lo_put(loid, pageno * 2048::bigint, data) FROM pg_temp.pages" < "$WORK/rows"
          done < <(grep "^$archive " "$WORK/large-object-ranges")
        done
        jq -r '
          def name: "\"" + gsub("\""; "\"\"") + "\"";
          def literal: "\u0027" + gsub("\u0027"; "\u0027\u0027") + "\u0027";
          (.largeObjects // empty) | .objects[] | "LARGE OBJECT \(.oid)" as $object
          | "ALTER \($object) OWNER TO " + (.owner | name),
            (if .comment then "COMMENT ON \($object) IS " + (.comment | literal) else empty end),
            (if .privileges then
              "REVOKE ALL ON \($object) FROM PUBLIC, " + (.owner | name),
              "DO " + ("DECLARE g record; BEGIN FOR g IN SELECT a.privilege_type, a.is_grantable,"
                + " CASE a.grantee WHEN 0 THEN \u0027PUBLIC\u0027 ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS who"
                + " FROM pg_catalog.aclexplode(" + (.privileges | literal) + ") AS a LOOP"
                + " EXECUTE \u0027GRANT \u0027 || g.privilege_type || \u0027 ON \($object) TO \u0027 || g.who"
                + " || CASE WHEN g.is_grantable THEN \u0027 WITH GRANT OPTION\u0027 ELSE \u0027\u0027 END;"
                + " END LOOP; END" | literal)
            else empty end)
          | @base64
          ' "$WORK/index.json" > "$WORK/large-object-properties"
        while read -r statement; do
          sql -v ON_ERROR_STOP=1 -c "SET standard_conforming_strings = on" -c "$(base64 -d <<< "$statement")"
        done < "$WORK/large-object-properties"
        ```

        ## 6. Sequences, then indexes, constraints, triggers and privileges

        Where psql stops at a condition (`ADD CONSTRAINT` with `CHECK` or `FOREIGN KEY`) that the rows do not meet, or that
        looks for a table without its schema: every row is there already. Write ` NOT VALID` in front of that statement's
        semicolon in `post-data.sql`, take out the statements before it but for the settings at the top (`SET` and
        `set_config`), and go on from `post-data.sql`.

        ```bash
        jq -r '
          def name: "\"" + gsub("\""; "\"\"") + "\"";
          def literal: "\u0027" + gsub("\u0027"; "\u0027\u0027") + "\u0027";
          .sequences[] | "SELECT pg_catalog.setval(" + (((.schema | name) + "." + (.name | name)) | literal)
            + "::pg_catalog.regclass, \(.lastValue), \(.isCalled))" | @base64
          ' "$WORK/index.json" > "$WORK/sequences"
        while read -r statement; do
          sql -v ON_ERROR_STOP=1 -c "SET standard_conforming_strings = on" -c "$(base64 -d <<< "$statement")"
        done < "$WORK/sequences"
        sql -v ON_ERROR_STOP=1 -f "$WORK/post-data.sql"
        sql -v ON_ERROR_STOP=1 -c "ANALYZE"
        rm -rf "$WORK"
        echo "restored"
        ```
        """#
}
