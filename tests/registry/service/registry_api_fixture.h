// The registry API over a catalog of its own, without a socket.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/auth/identity_providers.h"
#include "base/clock.h"
#include "base/loop.h"
#include "registry/catalog/catalog.h"
#include "registry/service/registry_api.h"
#include "registry/service/role_book.h"
#include "registry/store/sqlite_store.h"
#include "tests/support/installation.h"

namespace registry {

inline constexpr char kOfficial[] = "io.modelcontextprotocol.registry/official";
inline constexpr char kOwn[] = "io.portolan.registry/server";

class RegistryApiFixture : public testing::Test {
 protected:
  using json = nlohmann::json;

  RegistryApiFixture()
      : store_(*SqliteStore::Open(folder_.path() + "/portolan.db")),
        keys_(*OwnKeys::Open(folder_.path(), *store_)) {
    caller_.local = true;
  }

  RegistryApi::Answer Ask(const std::string& path, const std::string& query = "") {
    return api_.Get(path, query, caller_);
  }
  json Get(const std::string& path, const std::string& query = "") {
    const RegistryApi::Answer answer = Ask(path, query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body);
  }
  std::vector<std::string> Listed(const std::string& query) {
    std::vector<std::string> names;
    const json list = Get("/v0.1/servers", query);
    for (const json& entry : list["servers"]) {
      names.push_back(entry["server"]["name"].get<std::string>() + "@" +
                      entry["server"]["version"].get<std::string>());
    }
    return names;
  }

  support::TemporaryFolder folder_;
  const base::SystemClock clock_;
  base::Loop loop_;
  std::unique_ptr<SqliteStore> store_;
  const OwnKeys keys_;
  Catalog catalog_{*store_, clock_};
  RoleBook roles_;
  const std::unique_ptr<base::http::Client> key_client_ = base::http::Client::Create(loop_, {});
  base::auth::IdentityProviders providers_{loop_, *key_client_, clock_};
  Authenticator authenticator_{keys_, catalog_, *store_, roles_, providers_, clock_};
  const RegistryTokens tokens_{keys_, clock_};
  // What the listing was told without the catalog, by kind and name.
  std::map<std::pair<std::string, std::string>, v1::Resource> told_;
  ServerListing listing_{
      "http://127.0.0.1:8900",
      [this](std::string_view kind, std::string_view name) -> std::optional<v1::Resource> {
        const auto told = told_.find({std::string(kind), std::string(name)});
        if (told != told_.end()) return told->second;
        auto found = catalog_.Get(kind, name);
        if (found.has_error()) return std::nullopt;
        return std::move(*found);
      }};
  Publishing publishing_{catalog_, listing_};
  WorkerPool pool_{1};
  // What was refused, and why: `Publish PERMISSION_DENIED`.
  std::vector<std::string> refused_;
  RegistryApi api_{{listing_, publishing_, authenticator_, tokens_, pool_, loop_,
                    [this](const Caller&, std::string_view what, base::Code why) {
                      refused_.push_back(std::string(what) + " " +
                                         std::string(base::CodeName(why)));
                    }}};
  // Who asks.
  Caller caller_;
};

}  // namespace registry
