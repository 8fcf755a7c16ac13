"""The unmodified `supabase` client calls generate-video as it calls any edge function."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from supabase_functions.errors import FunctionsHttpError

from supabase import AsyncClient, AsyncClientOptions
from tests.functions.serving import SECRET, Door


@pytest.fixture
async def supabase(shared_door: Door) -> AsyncIterator[AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as http:
        yield await AsyncClient.create(shared_door.url, SECRET, AsyncClientOptions(httpx_client=http))


async def test_invoke_returns_the_video(supabase: AsyncClient) -> None:
    """With nothing but name and body, as in Supabase's own documentation."""
    answer = await supabase.functions.invoke(
        "generate-video", invoke_options={"body": {"text": "A fox in the forest"}, "responseType": "json"}
    )

    assert isinstance(answer, dict)
    assert (answer["theme"], answer["work"]) == ("dream", "working")


async def test_invoke_without_options_about_the_answer_returns_its_bytes(supabase: AsyncClient) -> None:
    """The client's default is the raw body; it is the same JSON."""
    answer = await supabase.functions.invoke("generate-video", invoke_options={"body": {"text": "A whale"}})

    assert isinstance(answer, bytes)
    assert json.loads(answer)["shows"] == "placeholder"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"text": " "}, 422, "The story is empty"),
        ({"text": "A whale", "model": "sora"}, 422, "lightning"),
        ({"type": "INSERT", "table": "poems", "schema": "public", "record": {"id": 1}}, 404, "storyreel.attach"),
    ],
)
async def test_errors_arrive_with_status_and_reason(
    supabase: AsyncClient, body: dict[str, object], status: int, said: str
) -> None:
    """The client's own exception tells what went wrong; it reads the member `error` of a JSON answer."""
    with pytest.raises(FunctionsHttpError) as caught:
        await supabase.functions.invoke("generate-video", invoke_options={"body": body})

    assert caught.value.status == status
    assert said in caught.value.message


async def test_a_wrong_key_is_an_http_error(shared_door: Door) -> None:
    """401 is understood as an answer of the function, not of the relay or the network."""
    async with httpx.AsyncClient(trust_env=False) as http:
        client = await AsyncClient.create(
            shared_door.url, "sb_secret_wrong", AsyncClientOptions(httpx_client=http)
        )
        with pytest.raises(FunctionsHttpError, match="apikey"):
            await client.functions.invoke("generate-video", invoke_options={"body": {"text": "A whale"}})


async def test_health_is_a_function_too(supabase: AsyncClient) -> None:
    """GET through the client."""
    answer = await supabase.functions.invoke("health", invoke_options={"method": "GET", "responseType": "json"})

    assert answer == {"status": "ok"}
