// What the official conformance suite expects of a server under test: tools, prompts and resources
// with agreed names and answers; and a few more of the kind for our own tests of what passes
// through the gateway.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/loop.h"
#include "mcp/server/prompts.h"
#include "mcp/server/resources.h"
#include "mcp/server/subscriptions.h"
#include "mcp/server/tools.h"

namespace conformance {

// A PNG of one red pixel, and a WAV of one silent sample, in base64.
extern const std::string_view kPng;
extern const std::string_view kWav;

// What the fixtures share. One thread.
struct World {
  base::Loop& loop;
  mcp::Subscriptions& subscriptions;
  // Set once they are made: some tools change them.
  mcp::Tools* tools = nullptr;
  mcp::Prompts* prompts = nullptr;
  // Keys of the calls of test_wait_for_cancel that were cancelled.
  std::set<std::string, std::less<>> cancelled;
};

// Each kind of content, structured results, errors, schemas and headers.
std::vector<mcp::Tool> ContentTools();
// Progress, logs, a broken stream, cancellation, changed lists and resources.
std::vector<mcp::Tool> StreamTools(World& world);
// Sampling, elicitation, roots: in both eras.
std::vector<mcp::Tool> AskingTools();
// What runs on as a task.
std::vector<mcp::Tool> TaskTools(World& world);

std::vector<mcp::Prompt> Prompts();
std::vector<mcp::Resource> Resources();
std::vector<mcp::ResourceTemplate> ResourceTemplates();

// Waits; false when the call was cancelled.
base::Task<bool> Pause(World& world, mcp::ServedCall& call, int milliseconds);
base::Error Cancelled();
// A tool without arguments, its function to be set.
mcp::Tool MakeTool(std::string name, std::string description);
// `{"type":"object","properties":{"NAME":{"type":"TYPE"}},"required":["NAME"]}`
std::string SchemaOf(std::string_view name, std::string_view type);
// A string among the arguments; empty when there is none.
std::string TextArgument(const mcp::ServedCall& call, std::string_view name);

}  // namespace conformance
