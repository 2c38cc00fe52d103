import Diagnostics
import Model
import Policy
import Settings
import TestSupport
import Testing

let sampleSettings = """
    // What we protect.
    {
      $schema: "https://example.org/lifeboat.schema.json",
      repositories: { local: { path: "./repo" }, far: { path: '/mnt/far', }, },
      scratch: { here: "ephemeral", big: { folder: "scratch" } },
      plans: {
        shop: {
          source: { postgres: "service=shop" },
          exclude: ["public.sessions", "audit.*"],
          schedule: {
            backup: "0 */12 * * *", drill: "@monthly", prune: "0 5 * * *", verify: "@weekly", verifyWithin: "14d",
            timezone: "Europe/Lisbon",
          },
          objectives: { rto: "2h", rpo: "24h", mtd: "8h", drillEvery: "31d", copies: 2, decisionAllowance: "15m", workRecovery: "1h" },
          repositories: ["far", "local"],
          retention: "nightly-30d",
          scratch: "big",
          recoveryTarget: "ephemeral",
          assertions: [{ sql: "select true" }, { sql: "select count(*) > 0 from orders", name: "orders" }],
          workers: 2,
          rereadWithin: "14d",
          rereadBudget: "1.5GB",
          maxLockWait: "30s",
          notifications: { ping: "https://example.org/ping/abc", drillPing: "https://example.org/ping/def" },
        },
        blog: { source: { env: "BLOG_URL" }, retention: { keep: { daily: 7, within: "48h" }, minimumPoints: 2 } },
      },
    }
    """

func parse(_ text: String, policies: RetentionPolicies = .builtIn) throws(SettingsErrors) -> Settings {
    try Settings.parse(Array(text.utf8), path: "lifeboat.json", folder: "/etc/shop", policies: policies)
}

@Suite("Settings mean what they say")
struct SettingsTests {
    @Test("every key arrives where it belongs")
    func everyKey() throws {
        let settings = try parse(sampleSettings)
        #expect(settings.repositories.map(\.name) == ["local", "far"])
        #expect(settings.repositories.map(\.location) == [.folder("/etc/shop/repo"), .folder("/mnt/far")])
        let shop = try #require(settings.plan("shop"))
        #expect(shop.place == "lifeboat.json:7:5")
        #expect(shop.source == .connection("service=shop"))
        #expect(shop.excludedTables == ["public.sessions", "audit.*"])
        #expect(shop.schedule.backup?.text == "0 */12 * * *" && shop.schedule.drill?.text == "@monthly")
        #expect(shop.schedule.prune?.text == "0 5 * * *" && shop.schedule.verify?.text == "@weekly")
        #expect(shop.schedule.verifyWithin == .seconds(14 * 86_400))
        #expect(shop.schedule.timeZone.name == "Europe/Lisbon")
        #expect(
            shop.objectives
                == PlanSettings.Objectives(
                    recoveryTime: .seconds(7200),
                    recoveryPoint: .seconds(86_400),
                    maximumDowntime: .seconds(28_800),
                    drillEvery: .seconds(31 * 86_400),
                    copies: 2,
                    decisionAllowance: .seconds(900),
                    workRecovery: .seconds(3600)
                )
        )
        #expect(shop.repositories == ["far", "local"])
        #expect(shop.retention == settings.retention["nightly-30d"] && shop.retentionName == "nightly-30d")
        #expect(shop.scratch == ScratchSettings(name: "big", folder: "/etc/shop/scratch"))
        #expect(shop.recoveryTarget == .ephemeral)
        #expect(shop.assertions.map(\.name) == ["select true", "orders"])
        #expect(shop.workers == 2 && shop.rereadWithin == .seconds(14 * 86_400))
        #expect(shop.rereadBudget == ByteCount(1_500_000_000))
        #expect(shop.maxLockWait == .seconds(30))
        #expect(shop.pingURL == "https://example.org/ping/abc" && shop.drillPingURL == "https://example.org/ping/def")
    }

    @Test("what is left out has its default")
    func defaults() throws {
        let blog = try #require(try parse(sampleSettings).plan("blog"))
        #expect(blog.source == .environment("BLOG_URL"))
        #expect(blog.repositories == ["local", "far"])
        #expect(blog.scratch?.name == "here" && blog.scratch?.folder == nil)
        #expect(blog.schedule == PlanSettings.Schedule() && blog.schedule.verifyWithin == .seconds(30 * 86_400))
        #expect(blog.retention == RetentionPolicy(keep: .init(daily: 7, within: .seconds(172_800)), minimumPoints: 2))
        #expect(blog.retentionName == "inline")
        #expect(blog.workers == nil && blog.maxLockWait == nil && blog.assertions.isEmpty)
        #expect(blog.pingURL == nil && blog.drillPingURL == nil)
        #expect(blog.objectives == PlanSettings.Objectives())
    }

    @Test("nothing in the file is taken from the environment behind the reader's back")
    func noExpansion() throws {
        let settings = try parse("{ repositories: { a: { path: '$HOME/x' } }, plans: {} }")
        #expect(settings.repository("a")?.location == .folder("/etc/shop/$HOME/x"))
    }

    @Test("the template that init writes is valid and says what it was given")
    func template() throws {
        for source: PlanSettings.Source in [.connection("host=a dbname='it\\'s \"b\"'"), .environment("SHOP_URL")] {
            let template = SettingsTemplate(
                plan: "shop",
                source: source,
                repository: .folder("./a \"quoted\" \\ path"),
                timeZone: "Europe/Berlin"
            )
            let settings = try parse(template.text)
            let plan = try #require(settings.plan("shop"))
            #expect(plan.source == source)
            #expect(settings.repository("local")?.location == .folder("/etc/shop/a \"quoted\" \\ path"))
            #expect(plan.schedule.timeZone.name == "Europe/Berlin")
            #expect(plan.retentionName == "nightly-30d" && plan.objectives.copies == 1)
        }
    }

    @Test("the file is looked for where it was named, then here, then at home, then in /etc")
    func search() throws {
        try withScratchFolder { folder in
            let home = ["HOME": folder, "XDG_CONFIG_HOME": "relative is ignored"]
            #expect(
                SettingsFile.searchedPaths(environment: home)
                    == ["lifeboat.json", "\(folder)/.config/lifeboat/lifeboat.json", "/etc/lifeboat/lifeboat.json"]
            )
            let named = ["LIFEBOAT_CONFIG": "/a/b.json"]
            #expect(SettingsFile.locate(named: "c.json", environment: named) == "c.json")
            #expect(SettingsFile.locate(named: nil, environment: named) == "/a/b.json")
            #expect(ConfigurationFolder.path(environment: ["XDG_CONFIG_HOME": "/xdg"]) == "/xdg/lifeboat")
            #expect(ConfigurationFolder.path(environment: home) == "\(folder)/.config/lifeboat")
            let missing = SettingsFile.missing(environment: home)
            #expect(missing.code == .settingsMissing && missing.cause?.contains(folder) == true)
        }
    }
}
