#include "registry/catalog/drift.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "registry/catalog/canonical.h"

namespace registry {
namespace {

using base::Code;

StoredDefinition Tool(const std::string& name, const std::string& description,
                      const std::string& property = "a") {
  const nlohmann::json tool = {
      {"name", name},
      {"description", description},
      {"inputSchema", {{"type", "object"}, {"properties", {{property, {{"type", "string"}}}}}}}};
  return {v1::DefinitionKind::TOOL, name, CanonicalHash(tool), tool.dump()};
}

// A server whose first listing was accepted.
class DriftTest : public ::testing::Test {
 protected:
  DriftTest() { Offer({Tool("add", "Adds."), Tool("list", "Lists.")}); }

  void Offer(std::vector<StoredDefinition> items) {
    known_.items = std::move(items);
    Settle(action_, ++now_, known_, pins_);
  }
  base::Result<std::vector<StoredDrift>> Choose(v1::Decision::Value decision,
                                                const std::string& name, const std::string& hash) {
    v1::DecideDriftRequest request;
    request.set_decision(decision);
    auto& choice = *request.add_choices();
    choice.set_kind(v1::DefinitionKind::TOOL);
    choice.set_name(name);
    choice.set_hash(hash);
    auto decided = Decide(request, known_, pins_);
    if (decided.has_value()) Settle(action_, ++now_, known_, pins_);
    return decided;
  }
  // `add:Adds. list:Lists.` as served, with `!` behind what is held.
  std::string Shown() const {
    std::string shown;
    const v1::ServerDefinitions served = Served("local/a", known_);
    for (const v1::Definition& definition : served.definitions()) {
      const auto tree = base::ParseJson(definition.json());
      shown += definition.name() + ":" + (*tree)["description"].get<std::string>() + " ";
    }
    for (const v1::HeldDefinition& held : served.held()) shown += held.name() + "! ";
    return shown;
  }

  v1::DefinitionChange::Action action_ = v1::DefinitionChange::HOLD;
  std::int64_t now_ = 1'000;
  StoredDefinitions known_;
  StoredPins pins_;
};

TEST_F(DriftTest, TheFirstListingIsAccepted) {
  EXPECT_TRUE(known_.drift.empty());
  EXPECT_EQ(Shown(), "add:Adds. list:Lists. ");
}

TEST_F(DriftTest, AHeldChangeKeepsTheOldDefinitionAndItsCallsAreRefused) {
  Offer({Tool("add", "Adds!"), Tool("list", "Lists.")});
  EXPECT_EQ(Shown(), "add:Adds. list:Lists. add! ");
  const auto items = ToDriftItems(known_.drift);
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].change(), v1::Drift::CHANGED);
  EXPECT_EQ(items[0].state(), v1::Drift::HELD);
  EXPECT_EQ(items[0].since_ms(), now_);
}

TEST_F(DriftTest, TheTimeOfAChangeStaysWhileItIsTheSame) {
  Offer({Tool("add", "Adds!"), Tool("list", "Lists.")});
  const std::int64_t first = now_;
  Offer({Tool("add", "Adds!"), Tool("list", "Lists more.")});
  EXPECT_EQ(known_.drift[0].since_ms, first);
  EXPECT_EQ(known_.drift[1].since_ms, now_);
}

TEST_F(DriftTest, ANewToolStaysHiddenAndOneThatWentIsGone) {
  Offer({Tool("add", "Adds."), Tool("new", "New.", "b")});
  EXPECT_EQ(Shown(), "add:Adds. new! ");
  ASSERT_EQ(known_.drift.size(), 2U);
  EXPECT_EQ(known_.drift[1].change, v1::Drift::REMOVED);
  EXPECT_EQ(known_.drift[1].state, v1::Drift::WARNED);
}

TEST_F(DriftTest, WhatComesBackAsItWasIsNoDrift) {
  Offer({Tool("add", "Adds.")});
  Offer({Tool("add", "Adds."), Tool("list", "Lists.")});
  EXPECT_TRUE(known_.drift.empty());
}

TEST_F(DriftTest, AWarningServesTheNewDefinition) {
  action_ = v1::DefinitionChange::WARN;
  Offer({Tool("add", "Adds!"), Tool("list", "Lists.")});
  EXPECT_EQ(Shown(), "add:Adds! list:Lists. ");
  EXPECT_EQ(known_.drift[0].state, v1::Drift::WARNED);
}

TEST_F(DriftTest, AcceptingBySettingServesAndNotes) {
  action_ = v1::DefinitionChange::ACCEPT;
  Offer({Tool("add", "Adds!")});
  EXPECT_EQ(Shown(), "add:Adds! ");
  ASSERT_EQ(known_.drift.size(), 2U);
  EXPECT_EQ(known_.drift[0].state, v1::Drift::NOTED);
  Offer({Tool("add", "Adds!!")});
  EXPECT_EQ(known_.drift.size(), 3U);
  EXPECT_EQ(pins_.accepted.size(), 1U);
}

TEST_F(DriftTest, AnotherSettingDecidesAnewAboutWhatWaits) {
  Offer({Tool("add", "Adds!"), Tool("list", "Lists.")});
  const std::int64_t first = now_;
  action_ = v1::DefinitionChange::WARN;
  Settle(action_, ++now_, known_, pins_);
  EXPECT_EQ(Shown(), "add:Adds! list:Lists. ");
  EXPECT_EQ(known_.drift[0].since_ms, first);
}

TEST_F(DriftTest, AcceptedIsServed) {
  Offer({Tool("add", "Adds!"), Tool("list", "Lists.")});
  ASSERT_TRUE(Choose(v1::Decision::ACCEPT, "add", Tool("add", "Adds!").hash).has_value());
  EXPECT_EQ(Shown(), "add:Adds! list:Lists. ");
  EXPECT_TRUE(known_.drift.empty());
}

TEST_F(DriftTest, WhatChangedAgainInBetweenIsNotAccepted) {
  Offer({Tool("add", "Adds!"), Tool("list", "Lists.")});
  Offer({Tool("add", "Adds and steals."), Tool("list", "Lists.")});
  const auto blind = Choose(v1::Decision::ACCEPT, "add", Tool("add", "Adds!").hash);
  ASSERT_TRUE(blind.has_error());
  EXPECT_EQ(blind.error().code, Code::kAborted);
  EXPECT_TRUE(blind.error().message.starts_with("/choices/0/hash: ")) << blind.error().message;
  EXPECT_EQ(Choose(v1::Decision::ACCEPT, "add", "").error().code, Code::kAborted);
  EXPECT_EQ(Choose(v1::Decision::ACCEPT, "add", Tool("add", "Adds and steals.").hash.substr(0, 7))
                .error()
                .code,
            Code::kAborted);
  EXPECT_EQ(Choose(v1::Decision::ACCEPT, "nothing", "").error().code, Code::kNotFound);
}

TEST_F(DriftTest, ARejectedDefinitionStaysRefusedWheneverItComesUnderAnySetting) {
  const StoredDefinition bad = Tool("add", "Adds!");
  Offer({bad, Tool("list", "Lists.")});
  ASSERT_TRUE(Choose(v1::Decision::REJECT, "add", bad.hash.substr(0, 12)).has_value());
  EXPECT_EQ(known_.drift[0].state, v1::Drift::REJECTED);
  EXPECT_EQ(Shown(), "add:Adds. list:Lists. add! ");
  Offer({Tool("add", "Adds."), Tool("list", "Lists.")});
  EXPECT_TRUE(known_.drift.empty());
  action_ = v1::DefinitionChange::ACCEPT;
  Offer({bad, Tool("list", "Lists.")});
  EXPECT_EQ(Shown(), "add:Adds. list:Lists. add! ");
  // It is taken back by accepting.
  ASSERT_TRUE(Choose(v1::Decision::ACCEPT, "add", bad.hash).has_value());
  EXPECT_EQ(Shown(), "add:Adds! list:Lists. ");
}

TEST_F(DriftTest, ARenamedToolIsRecognisedByItsSchemaAndAcceptedWhole) {
  Offer({Tool("add", "Adds."), Tool("list_all", "Lists everything.")});
  const auto items = ToDriftItems(known_.drift);
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].name(), "list_all");
  EXPECT_EQ(items[0].renamed_from(), "list");
  EXPECT_EQ(Shown(), "add:Adds. list_all! ");
  ASSERT_TRUE(Choose(v1::Decision::ACCEPT, "list_all", items[0].offered().hash()).has_value());
  EXPECT_TRUE(known_.drift.empty());
  EXPECT_EQ(Shown(), "add:Adds. list_all:Lists everything. ");
}

TEST_F(DriftTest, ANewToolWithAnotherSchemaIsNoRename) {
  Offer({Tool("add", "Adds."), Tool("list_all", "Lists.", "other")});
  EXPECT_EQ(ToDriftItems(known_.drift)[0].renamed_from(), "");
}

TEST_F(DriftTest, ResourcesComeAndGoUnasked) {
  known_.items.push_back({v1::DefinitionKind::RESOURCE, "file:///a", "hash", R"({"uri":"file:///a"})"});
  Settle(action_, ++now_, known_, pins_);
  EXPECT_TRUE(known_.drift.empty());
  EXPECT_EQ(Served("local/a", known_).definitions_size(), 3);
}

}  // namespace
}  // namespace registry
