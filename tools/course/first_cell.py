"""The first code cell of each notebook of a course; tools/handouts.py fills in the last line."""


def find_mine_lib(source, folder):
    """Make mine_lib importable: Colab has to fetch it, elsewhere it is there or this says so."""
    import io
    import os
    import subprocess
    import sys
    import zipfile
    from pathlib import Path

    home = Path.cwd().parent
    try:
        from google.colab import files  # there on Colab alone
    except ImportError:
        files = None
    if files and not (home / "mine_lib").is_dir():
        home = Path(folder).resolve()
        if source:
            subprocess.run(["git", "clone", "--quiet", "--depth=1", source, home], check=True)
        else:
            print(f"Choose {folder}.zip, which your teacher has")
            for data in map(io.BytesIO, files.upload().values()):
                names = zipfile.ZipFile(data).namelist() if zipfile.is_zipfile(data) else []
                if f"{folder}/mine_lib/__init__.py" in names:
                    zipfile.ZipFile(data).extractall()
            if not (home / "mine_lib").is_dir():
                print(f"That was not {folder}.zip: run this cell again and choose it")
                return
        pip = [sys.executable, "-m", "pip", "install", "--quiet", str(home)]
        subprocess.run(pip, check=True)
        os.chdir(home / "chapters")
    if (home / "mine_lib").is_dir() and str(home) not in sys.path:
        sys.path.insert(0, str(home))
    try:
        import mine_lib  # noqa: F401
    except ImportError as error:
        print(f"{error}: open this notebook in the unpacked folder, after the README's steps")


find_mine_lib(source="", folder="mine-course")
