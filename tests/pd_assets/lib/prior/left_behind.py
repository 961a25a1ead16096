"""What the prior system leaves: a database and a flat folder as it wrote them, made small for tests."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

API = "https://commons.wikimedia.org/w/api.php"
TABLES = """
create table dataset (id varchar not null primary key);
create table file (id integer primary key autoincrement, storage_provider varchar, url varchar);
create table datasetimage (id varchar not null, dataset_id varchar not null, file_id integer, is_banned boolean,
    primary key (id, dataset_id));
create table wikimediacommons_image (id varchar not null, dataset_id varchar not null, post_id integer,
    last_edited datetime, wikidata json, primary key (id, dataset_id));
create table datasetlabel (image_id varchar not null, dataset_id varchar not null, data_key varchar not null,
    value varchar, primary key (image_id, dataset_id, data_key));
"""
# As the prior system kept the answer of the archive: its licence says what somebody wrote there once.
SAID = {"categories": [{"title": "Category:Public domain"}], "licence": "Public domain"}


def database(path: Path, labels: Mapping[object, Mapping[str, object]], *, api: str = API) -> Path:
    """A database with these pictures and their labels. The pictures themselves are nowhere."""
    connection = sqlite3.connect(path)
    connection.executescript(TABLES)
    source = f"WikimediaCommons:{api}"
    connection.execute("insert into dataset values (?)", (source,))
    for number, (title, told) in enumerate(labels.items(), start=1):
        connection.execute("insert into file values (?, 'local', ?)", (number, f"sets/wikimedia/{number}.jpg"))
        connection.execute("insert into datasetimage values (?, ?, ?, 0)", (title, source, number))
        page = (title, source, number, "2022-12-01", json.dumps(SAID))
        connection.execute("insert into wikimediacommons_image values (?, ?, ?, ?, ?)", page)
        for key, value in told.items():
            connection.execute("insert into datasetlabel values (?, ?, ?, ?)", (title, source, key, value))
    connection.commit()
    connection.close()
    return path


def flat_folder(folder: Path, titles: Iterable[str], *, label: str = "") -> Path:
    """A folder as it was before there was a database."""
    folder.mkdir(parents=True)
    for number, title in enumerate(titles):
        terms = {"label": [label]} if label else {}
        told = {"item": {"title": title, "pageid": number}, "terms": terms, "parsetree": {"*": "<root/>"}}
        (folder / f"{number}.jpg.json").write_text(json.dumps(told))
    return folder
