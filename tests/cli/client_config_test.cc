#include "cli/client_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/secrets.h"

namespace cli {
namespace {

namespace v1 = portolan::v1;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<ConfiguredServer> Read(std::string_view text, const std::string& project = "") {
  const auto read = ReadClientConfig(text, {project, "/home/a"});
  EXPECT_TRUE(read) << read.error().message;
  return read ? *read : std::vector<ConfiguredServer>();
}

TEST(ClientConfigTest, ReadsVsCodeWithInputsCommentsAndTrailingCommas) {
  const auto servers = Read(R"({
  // mine
  "inputs": [{"type": "promptString", "id": "gh", "password": true}],
  "servers": {
    "GitHub": {"type": "http", "url": "https://api.example.com/mcp/",
               "headers": {"Authorization": "Bearer ${input:gh}"}},
    "fs": {"type": "stdio", "command": "npx",
           "args": ["-y", "@modelcontextprotocol/server-filesystem", "${workspaceFolder}/docs"],},
  },
})",
                            "/w");
  ASSERT_EQ(servers.size(), 2u);
  EXPECT_EQ(servers[0].line, 5u);
  EXPECT_EQ(servers[0].resource.server().title(), "GitHub");
  EXPECT_EQ(servers[0].resource.server().endpoint().streamable_http().url(),
            "https://api.example.com/mcp/");
  EXPECT_EQ(servers[0].resource.server().approval(), v1::Approval::DRAFT);
  EXPECT_THAT(servers[0].notes, ElementsAre(HasSubstr("the header Authorization")));
  const v1::Stdio& stdio = servers[1].resource.server().endpoint().stdio();
  EXPECT_EQ(stdio.args(2), "/w/docs");
  EXPECT_EQ(stdio.cwd(), "/w");
  EXPECT_EQ(servers[1].resource.server().approval(), v1::Approval::UNSPECIFIED);
}

TEST(ClientConfigTest, NeverCopiesASecret) {
  const auto servers = Read(R"({"mcpServers": {
    "gh": {"command": "npx", "args": ["-y", "server-github", "--api-key", "hunter2",
                                      "--token=swordfish", "ghp_0123456789abcdefghij"],
           "env": {"GITHUB_TOKEN": "geheim", "LOG_LEVEL": "debug",
                   "OPAQUE": "b7Kq9ZxT2mWv5Lr8Nc4Yh1Jd", "OTHER_KEY": "${env:OTHER_KEY}"}},
    "q": {"url": "https://h.example/mcp?api_key=geheim"},
    "u": {"url": "https://me:geheim@h.example/mcp"}}})");
  ASSERT_EQ(servers.size(), 3u);
  const std::string copied = servers[0].resource.DebugString();
  for (const char* secret : {"geheim", "hunter2", "swordfish", "ghp_", "b7Kq9"})
    EXPECT_THAT(copied, Not(HasSubstr(secret)));
  const v1::Stdio& stdio = servers[0].resource.server().endpoint().stdio();
  EXPECT_EQ(stdio.env(0).value(), "${input:GITHUB_TOKEN}");
  EXPECT_EQ(stdio.env(1).value(), "debug");
  EXPECT_EQ(stdio.env(3).value(), "${env:OTHER_KEY}");
  EXPECT_EQ(stdio.args(1), "server-github");
  EXPECT_EQ(servers[0].resource.server().approval(), v1::Approval::DRAFT);
  EXPECT_THAT(servers[1].refusal, HasSubstr("secret"));
  EXPECT_THAT(servers[2].refusal, HasSubstr("secret"));
}

TEST(ClientConfigTest, ReadsTheProjectsOfClaudeCode) {
  const auto servers = Read(R"({"numStartups": 3,
    "mcpServers": {"everywhere": {"type": "sse", "url": "https://h/sse"}},
    "projects": {"/src/app": {"mcpServers": {"here": {"command": "./serve", "cwd": "tools"}}},
                 "/src/other": {"allowedTools": []}}})");
  ASSERT_EQ(servers.size(), 2u);
  EXPECT_EQ(servers[0].resource.server().endpoint().sse().url(), "https://h/sse");
  EXPECT_EQ(servers[1].resource.server().endpoint().stdio().cwd(), "/src/app/tools");
}

TEST(ClientConfigTest, SaysWhatIsNoServer) {
  const auto servers = Read(R"({"mcpServers": {"a": 7, "b": {"args": []}}})");
  EXPECT_EQ(servers[0].refusal, "is no object");
  EXPECT_EQ(servers[1].refusal, "has neither a command nor a URL");
  EXPECT_THAT(ReadClientConfig("{}", {}).error().message, HasSubstr("no list of MCP servers"));
  EXPECT_THAT(ReadClientConfig("{\n oops", {}).error().message, HasSubstr("line 2"));
}

TEST(ClientConfigTest, WhatIsDisabledIsADraft) {
  const auto servers =
      Read(R"({"mcpServers": {"a": {"command": "x", "disabled": true}, "b": {"command": "x"}}})");
  EXPECT_EQ(servers[0].resource.server().approval(), v1::Approval::DRAFT);
  EXPECT_THAT(servers[1].notes, IsEmpty());
}

TEST(ClientConfigTest, TellsTheSameServerByWhatItRuns) {
  const auto servers = Read(R"({"mcpServers": {
    "a": {"url": "https://Host.example/Mcp/"}, "b": {"url": "https://host.example/Mcp"},
    "c": {"command": "npx", "args": ["x"]}, "d": {"command": "npx", "args": ["x"], "env": {"A": "b"}},
    "e": {"command": "npx", "args": ["y"]}}})");
  const auto same = [&](int i) {
    return SameAs(servers[static_cast<std::size_t>(i)].resource.server());
  };
  EXPECT_EQ(same(0), same(1));
  EXPECT_EQ(same(2), same(3));
  EXPECT_NE(same(2), same(4));
}

TEST(ClientConfigTest, MakesNamesOfTheCatalog) {
  EXPECT_EQ(CatalogName("My Server (beta)"), "my-server-beta");
  EXPECT_EQ(CatalogName("io.github/x"), "io-github-x");
  EXPECT_EQ(CatalogName("***"), "");
}

TEST(SecretsTest, KnowsSecretsByTheirNames) {
  for (const char* name : {"GITHUB_TOKEN", "OPENAI_API_KEY", "--api-key", "Authorization",
                           "X-Api-Key", "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY"}) {
    EXPECT_TRUE(IsSecretName(name)) << name;
  }
  for (const char* name : {"LOG_LEVEL", "PORT", "NODE_ENV", "KEYBOARD", "AUTHOR", "MONKEYS"})
    EXPECT_FALSE(IsSecretName(name)) << name;
}

TEST(SecretsTest, KnowsSecretsByTheirShape) {
  for (const char* value : {"sk-abcdefgh1234", "eyJhbGciOiJIUzI1NiJ9.e30.x", "Bearer abc",
                            "b7Kq9ZxT2mWv5Lr8Nc4Yh1Jd", "postgres://me:pw@h/db"}) {
    EXPECT_TRUE(IsSecretValue(value)) << value;
  }
  for (const char* value :
       {"@modelcontextprotocol/server-filesystem", "/home/a/projects/my-app-2024", "true",
        "https://api.example.com/v1?limit=100", "server-filesystem", "2026-11-22T10:00:00"}) {
    EXPECT_FALSE(IsSecretValue(value)) << value;
  }
}

}  // namespace
}  // namespace cli
