"""Prints what AutoGen writes of components and sessions, one JSON object a line: {"kind": "component" or "state", "name", "document"}.

What AutoGen says about its own classes is left out: `description` of the envelope is null.
"""

import asyncio
import json
import warnings

from autogen_agentchat.agents import (
    AssistantAgent,
    CodeExecutorAgent,
    MessageFilterAgent,
    MessageFilterConfig,
    PerSourceFilter,
    SocietyOfMindAgent,
    UserProxyAgent,
)
from autogen_agentchat.base import Handoff
from autogen_agentchat.conditions import (
    ExternalTermination,
    FunctionCallTermination,
    HandoffTermination,
    MaxMessageTermination,
    SourceMatchTermination,
    StopMessageTermination,
    TextMentionTermination,
    TextMessageTermination,
    TimeoutTermination,
    TokenUsageTermination,
)
from autogen_agentchat.teams import (
    DiGraphBuilder,
    GraphFlow,
    MagenticOneGroupChat,
    RoundRobinGroupChat,
    SelectorGroupChat,
    Swarm,
)
from autogen_agentchat.tools import AgentTool, TeamTool
from autogen_core.memory import ListMemory, MemoryContent, MemoryMimeType
from autogen_core.model_context import (
    BufferedChatCompletionContext,
    HeadAndTailChatCompletionContext,
    TokenLimitedChatCompletionContext,
    UnboundedChatCompletionContext,
)
from autogen_core.models import ModelInfo
from autogen_core.tools import FunctionTool
from autogen_ext.code_executors.local import LocalCommandLineCodeExecutor
from autogen_ext.models.openai import OpenAIChatCompletionClient
from autogen_ext.models.replay import ReplayChatCompletionClient
from pydantic import BaseModel

from without_prose import without_prose

warnings.filterwarnings("ignore")

ABILITIES = ModelInfo(
    vision=False, function_calling=True, json_output=True, family="unknown", structured_output=True
)


class Verdict(BaseModel):
    approved: bool
    reason: str


def add(a: int, b: int) -> int:
    return a + b


def replay(*answers: str) -> ReplayChatCompletionClient:
    return ReplayChatCompletionClient(list(answers), model_info=ABILITIES)


def writer(*answers: str) -> AssistantAgent:
    return AssistantAgent("writer", replay(*answers), description="Writes", system_message="Write.")


def critic(*answers: str) -> AssistantAgent:
    return AssistantAgent("critic", replay(*answers), description="Judges", system_message="Judge.")


def editor(*answers: str) -> AssistantAgent:
    return AssistantAgent("editor", replay(*answers), description="Edits", system_message="Edit.")


def models() -> dict:
    return {
        "openai": OpenAIChatCompletionClient(model="gpt-4o-mini", api_key="planted-canary", temperature=0.2, max_tokens=300),
        "openai-compatible": OpenAIChatCompletionClient(
            model="llama-3.3", base_url="http://127.0.0.1:9/v1", api_key="planted-canary", model_info=ABILITIES, stop=["END"], seed=7
        ),
        "replay": replay("One.", "Two."),
    }


def conditions() -> dict:
    return {
        "max-message": MaxMessageTermination(4),
        "max-message-events": MaxMessageTermination(4, include_agent_event=True),
        "text-mention": TextMentionTermination("APPROVE"),
        "stop-message": StopMessageTermination(),
        "token-usage": TokenUsageTermination(max_total_token=1000, max_prompt_token=800),
        "handoff": HandoffTermination("user"),
        "timeout": TimeoutTermination(1.5),
        "external": ExternalTermination(),
        "source-match": SourceMatchTermination(["critic"]),
        "text-message": TextMessageTermination("critic"),
        "text-message-any": TextMessageTermination(),
        "function-call": FunctionCallTermination("approve"),
        "or": MaxMessageTermination(4) | TextMentionTermination("APPROVE") | TimeoutTermination(60),
        "and": MaxMessageTermination(4) & (TextMentionTermination("APPROVE") | SourceMatchTermination(["critic"])),
    }


def contexts() -> dict:
    return {
        "unbounded": UnboundedChatCompletionContext(),
        "buffered": BufferedChatCompletionContext(buffer_size=5),
        "head-and-tail": HeadAndTailChatCompletionContext(head_size=2, tail_size=3),
        "token-limited": TokenLimitedChatCompletionContext(OpenAIChatCompletionClient(model="gpt-4o-mini", api_key="planted-canary"), token_limit=500),
    }


def agents() -> dict:
    memory = ListMemory(
        name="notes", memory_contents=[MemoryContent(content="Ada likes tea.", mime_type=MemoryMimeType.TEXT)]
    )
    return {
        "assistant": writer("Hello."),
        "assistant-with-everything": AssistantAgent(
            "clerk",
            replay("Done."),
            description="Serves",
            system_message="Serve.",
            tools=[FunctionTool(add, description="Adds", name="add")],
            handoffs=["critic", Handoff(target="user", name="ask_user", description="Ask", message="Asked.")],
            model_context=BufferedChatCompletionContext(buffer_size=9),
            memory=[memory],
            model_client_stream=True,
            reflect_on_tool_use=True,
            tool_call_summary_format="{tool_name}: {result}",
            max_tool_iterations=3,
            metadata={"desk": "7"},
        ),
        "assistant-structured": AssistantAgent(
            "judge", replay("{}"), description="Judges", system_message="Judge.", output_content_type=Verdict
        ),
        "assistant-without-system": AssistantAgent("bare", replay("Hi."), description="Greets", system_message=None),
        "user-proxy": UserProxyAgent("person", description="A person"),
        "code-executor": CodeExecutorAgent(
            "runner",
            LocalCommandLineCodeExecutor(work_dir="work"),
            description="Runs",
            system_message="Run.",
            sources=["writer"],
        ),
        "code-executor-with-model": CodeExecutorAgent(
            "coder",
            LocalCommandLineCodeExecutor(work_dir="work"),
            model_client=replay("No code."),
            description="Codes",
            system_message="Code.",
        ),
        "society-of-mind": SocietyOfMindAgent(
            "society", RoundRobinGroupChat([writer("A."), critic("B.")], max_turns=2), replay("AB."), description="Joins", instruction="Join.", response_prompt="Sum up."
        ),
        "message-filter": MessageFilterAgent(
            "filtered", writer("C."), MessageFilterConfig(per_source=[PerSourceFilter(source="user", position="first", count=1)])
        ),
    }


def tools() -> dict:
    team = RoundRobinGroupChat([writer("S."), critic("T.")], max_turns=2)
    return {
        "agent-tool": AgentTool(writer("U."), return_value_as_last_message=True),
        "agent-tool-all": AgentTool(writer("V.")),
        "team-tool": TeamTool(team, name="desk", description="Writes", return_value_as_last_message=True),
    }


def graph() -> GraphFlow:
    draft, left, right = writer("D."), critic("L."), editor("R.")
    builder = DiGraphBuilder()
    builder.add_node(draft).add_node(left).add_node(right, activation="any")
    builder.add_edge(draft, left, condition="check")
    builder.add_edge(left, right, activation_condition="any")
    builder.add_edge(draft, right, condition="skip", activation_condition="any")
    builder.set_entry_point(draft)
    return GraphFlow(builder.get_participants(), builder.build(), termination_condition=MaxMessageTermination(9))


def teams() -> dict:
    inner = RoundRobinGroupChat([writer("E."), critic("F.")], name="inner", description="Drafts", max_turns=2)
    swarm_clerk = AssistantAgent("clerk", replay("G."), handoffs=["user"], description="Serves", system_message="Serve.")
    return {
        "round-robin": RoundRobinGroupChat(
            [writer("A draft.", "A shorter draft."), critic("Shorter.", "APPROVE")],
            name="desk",
            description="Writes and judges",
            termination_condition=TextMentionTermination("APPROVE") | MaxMessageTermination(9),
        ),
        "round-robin-defaults": RoundRobinGroupChat([writer("H.")]),
        "nested": RoundRobinGroupChat([inner, editor("I.")], max_turns=2),
        "openai-team": RoundRobinGroupChat(
            [AssistantAgent("solo", OpenAIChatCompletionClient(model="gpt-4o-mini", api_key="planted-canary"), description="Answers", system_message="Answer.")],
            max_turns=1,
        ),
        "selector": SelectorGroupChat(
            [writer("J."), critic("K.")],
            replay("writer", "critic"),
            max_turns=2,
            selector_prompt="Of {participants} ({roles}) pick one. {history}",
            allow_repeated_speaker=True,
            max_selector_attempts=5,
        ),
        "swarm": Swarm([swarm_clerk], termination_condition=HandoffTermination("user")),
        "magentic-one": MagenticOneGroupChat([writer("M.")], replay("N."), max_turns=5, max_stalls=2, final_answer_prompt="Answer: {task}"),
        "graph": graph(),
    }


async def round_robin_state(turns: int) -> dict:
    team = RoundRobinGroupChat(
        [writer("A draft.", "A shorter draft."), critic("Shorter.", "APPROVE")], name="desk", max_turns=turns
    )
    await team.run(task="Write a line about tea.")
    return await team.save_state()


async def tool_state() -> dict:
    from autogen_core import FunctionCall
    from autogen_core.models import CreateResult, RequestUsage

    call = CreateResult(
        finish_reason="function_calls",
        content=[FunctionCall(id="c1", name="add", arguments='{"a": 2, "b": 3}')],
        usage=RequestUsage(prompt_tokens=1, completion_tokens=1),
        cached=False,
        thought="I add.",
    )
    model = ReplayChatCompletionClient([call, "It is 5."], model_info=ABILITIES)
    agent = AssistantAgent("writer", model, system_message="Write.", tools=[FunctionTool(add, description="Adds", name="add")], reflect_on_tool_use=True)
    team = RoundRobinGroupChat([agent, critic("Right.")], name="desk", max_turns=1)
    await team.run(task="What is 2 + 3?")
    return await team.save_state()


async def nested_state() -> dict:
    inner = RoundRobinGroupChat([writer("E."), critic("F.")], name="inner", description="Drafts", max_turns=2)
    outer = RoundRobinGroupChat([inner, editor("I.")], name="outer", max_turns=1)
    await outer.run(task="Go.")
    return await outer.save_state()


async def selector_state() -> dict:
    team = SelectorGroupChat([writer("J."), critic("K.")], replay("critic"), name="desk", max_turns=1)
    await team.run(task="Pick one.")
    return await team.save_state()


async def swarm_state() -> dict:
    team = Swarm([AssistantAgent("clerk", replay("G."), handoffs=["user"], description="Serves", system_message="Serve."), writer("O.")], name="desk", max_turns=1)
    await team.run(task="Serve.")
    return await team.save_state()


async def graph_state() -> dict:
    flow = graph()
    await flow.run(task="Draw.")
    return await flow.save_state()


def show(kind: str, name: str, document: object) -> None:
    print(json.dumps({"kind": kind, "name": name, "document": document}, default=str))


async def main() -> None:
    for group in (models(), conditions(), contexts(), tools(), agents(), teams()):
        for name, component in group.items():
            show("component", name, without_prose(json.loads(component.dump_component().model_dump_json())))
    show("state", "round-robin-1", await round_robin_state(1))
    show("state", "round-robin-2", await round_robin_state(2))
    show("state", "tools", await tool_state())
    show("state", "nested", await nested_state())
    show("state", "selector", await selector_state())
    show("state", "swarm", await swarm_state())
    show("state", "graph", await graph_state())


asyncio.run(main())
